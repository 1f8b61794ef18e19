module spotkeeper.dev/tests/peers/imds

go 1.24.0

require (
	github.com/aws/aws-sdk-go-v2/feature/ec2/imds v1.18.13
	github.com/aws/smithy-go v1.23.2
)

require github.com/aws/aws-sdk-go-v2 v1.39.6 // indirect
