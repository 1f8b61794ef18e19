/* THIRD_PARTY_LICENSES as it is: what a static binary has to carry with it. */
    .section .rodata
    .global spotkeeper_embedded_licences_begin
    .global spotkeeper_embedded_licences_end
spotkeeper_embedded_licences_begin:
    .incbin SPOTKEEPER_EMBEDDED_FILE
spotkeeper_embedded_licences_end:
    .section .note.GNU-stack, "", %progbits
