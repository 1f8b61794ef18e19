/* The shipped scenarios as they are: pages of the binary's file that are read only when somebody asks. */
    .section .rodata
    .global spotkeeper_one_node_begin
    .global spotkeeper_one_node_end
spotkeeper_one_node_begin:
    .incbin "one-node.yaml"
spotkeeper_one_node_end:
    .global spotkeeper_zone_storm_begin
    .global spotkeeper_zone_storm_end
spotkeeper_zone_storm_begin:
    .incbin "zone-storm.yaml"
spotkeeper_zone_storm_end:
    .section .note.GNU-stack, "", %progbits
