/* data/catalog/ec2.csv as it is: pages of the binary's file that are read only when somebody asks. */
    .section .rodata
    .global spotkeeper_embedded_catalog_begin
    .global spotkeeper_embedded_catalog_end
spotkeeper_embedded_catalog_begin:
    .incbin SPOTKEEPER_EMBEDDED_FILE
spotkeeper_embedded_catalog_end:
    .section .note.GNU-stack, "", %progbits
