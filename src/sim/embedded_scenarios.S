/* The shipped scenarios as they are: pages of the binary's file that are read only when somebody asks. */
    .macro scenario symbol, file
    .global spotkeeper_\symbol\()_begin
    .global spotkeeper_\symbol\()_end
spotkeeper_\symbol\()_begin:
    .incbin "\file"
spotkeeper_\symbol\()_end:
    .endm

    .section .rodata
#define SCENARIO(symbol, file) scenario symbol, file
#include "embedded_scenarios.inc"
    .section .note.GNU-stack, "", %progbits
