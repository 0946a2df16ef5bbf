# Clock of 'mugmt_student' implemented by itself, out of context. Inside a design, the design's own constraints count.
create_clock -period 5.000 -name ap_clk [get_ports ap_clk]
