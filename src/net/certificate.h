// Makes certificates, for servers of our own (the served world, tests): an authority and what it signs.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace spotkeeper::net {

/// A certificate and its private key (EC P-256), both as PEM.
struct CertificatePem {
  std::string certificate_pem;
  std::string key_pem;
};

struct CertificateRequest {
  std::string common_name;                 // Kubernetes takes it for the user's name
  std::vector<std::string> organizations;  // and these for the user's groups
  std::vector<std::string> hosts;          // DNS names and IP addresses under which a server is reached
  Instant not_before;
  Instant not_after;
};

/// A self-signed certificate authority.
Result<CertificatePem> make_ca(const std::string& common_name, Instant not_before, Instant not_after);

/// A certificate signed by `ca`, good for servers and for clients.
Result<CertificatePem> issue_certificate(const CertificatePem& ca, const CertificateRequest& request);

}  // namespace spotkeeper::net
