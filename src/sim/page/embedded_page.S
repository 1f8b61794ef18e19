/* The report's page as it is: a part of the binary's file that is read only when somebody asks. */
    .section .rodata
    .global spotkeeper_report_page_begin
    .global spotkeeper_report_page_end
spotkeeper_report_page_begin:
    .incbin SPOTKEEPER_EMBEDDED_FILE
spotkeeper_report_page_end:
    .section .note.GNU-stack, "", %progbits
