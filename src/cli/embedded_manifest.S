/* deploy/agent.yaml as it is: what `spotkeeper migrate` starts from. */
    .section .rodata
    .global spotkeeper_embedded_manifest_begin
    .global spotkeeper_embedded_manifest_end
spotkeeper_embedded_manifest_begin:
    .incbin SPOTKEEPER_EMBEDDED_FILE
spotkeeper_embedded_manifest_end:
    .section .note.GNU-stack, "", %progbits
