# C simulation, synthesis, co-simulation and export of 'mugmt_student', for Vitis HLS 2022.1 and later.
#
#   vitis_hls -f run_hls.tcl                       (up to 2024.1)
#   vitis-run --mode hls --tcl run_hls.tcl         (from 2024.2)
#
# Without more it simulates and synthesises; ISOBIT_HLS_STEPS="csim csynth cosim export" names the steps to run.
# Written by isobit 0.1.0.

set here [file normalize [file dirname [info script]]]
set top mugmt_student
set part xcvu9p-flga2104-2L-e
set clock_ns 5.000
set steps {csim csynth}
if {[info exists ::env(ISOBIT_HLS_STEPS)]} {
    set steps $::env(ISOBIT_HLS_STEPS)
}
foreach step $steps {
    if {$step ni {csim csynth cosim export}} {
        error "unknown step '$step' in ISOBIT_HLS_STEPS; allowed: csim csynth cosim export"
    }
}

if {[regexp {\s} $here]} {
    error "the path '$here' has a space, which compiler flags cannot carry; move the folder"
}

# numbers/amd: under Vitis the number types are AMD's own. NDEBUG: otherwise they may abort in a cast that rounds away
# more bits than its source has.
set include "$here/firmware/include"
set flags "-std=c++14 -DNDEBUG -I$include/numbers/amd -I$include -I$here/firmware -I$here/tb"

cd $here
# A simulation by itself leaves an earlier synthesis alone; everything else starts anew.
open_project -reset [expr {$steps eq {csim} ? "build_csim" : "build"}]
set_top $top
add_files "$here/firmware/$top.cpp" -cflags $flags
add_files -tb "$here/tb/${top}_test.cpp" -cflags $flags
open_solution -reset solution1 -flow_target vivado
set_part $part
create_clock -period $clock_ns -name default

if {"csim" in $steps} { csim_design }
if {"csynth" in $steps || "cosim" in $steps || "export" in $steps} { csynth_design }
if {"cosim" in $steps} { cosim_design -rtl verilog }
# Through Vivado's place and route, for figures after implementation.
if {"export" in $steps} { export_design -flow impl -rtl verilog -format ip_catalog }
exit
