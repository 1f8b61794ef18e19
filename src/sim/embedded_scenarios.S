/* The shipped scenarios as they are: pages of the binary's file that are read only when somebody asks. */
    .macro scenario symbol, file
    .global spotkeeper_\symbol\()_begin
    .global spotkeeper_\symbol\()_end
spotkeeper_\symbol\()_begin:
    .incbin "\file"
spotkeeper_\symbol\()_end:
    .endm

    .section .rodata
    scenario capacity_error, "capacity-error.yaml"
    scenario market_day, "market-day.yaml"
    scenario nlb, "nlb.yaml"
    scenario one_node, "one-node.yaml"
    scenario price_spike, "price-spike.yaml"
    scenario rolling_storm, "rolling-storm.yaml"
    scenario slow_starters, "slow-starters.yaml"
    scenario statefulset_volumes, "statefulset-volumes.yaml"
    scenario zone_storm, "zone-storm.yaml"
    .section .note.GNU-stack, "", %progbits
