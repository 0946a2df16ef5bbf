# Clock of '@{top}' implemented by itself, out of context. Inside a design, the design's own constraints count.
create_clock -period @{clock_ns} -name ap_clk [get_ports ap_clk]
