# C simulation, synthesis and co-simulation of the dense block for the VU9P of the trigger boards.
#
#   cd hls/dense_block && vitis_hls -f run_hls.tcl          (or vitis-run --mode hls --tcl run_hls.tcl)
#
# Steps after csim can be left out: ISOBIT_HLS_STEPS="csim synth cosim export" names those to run.

set here [file normalize [file dirname [info script]]]
set part xcvu9p-flga2104-2L-e
set clock_ns 5.0
set steps {csim synth}
if {[info exists ::env(ISOBIT_HLS_STEPS)]} {
    set steps $::env(ISOBIT_HLS_STEPS)
}
foreach step $steps {
    if {$step ni {csim synth cosim export}} {
        error "unknown step '$step' in ISOBIT_HLS_STEPS; allowed: csim synth cosim export"
    }
}

# numbers/amd before all else: under Vitis the number types are AMD's own.
set flags "-std=c++14 -I$here/../numbers/amd -I$here/../../cpp/include -I$here"

open_project -reset build
set_top dense_block_top
add_files $here/dense_block.cpp -cflags $flags
add_files -tb $here/dense_block_test.cpp -cflags $flags
open_solution -reset vu9p -flow_target vivado
set_part $part
create_clock -period $clock_ns -name default

if {"csim" in $steps} { csim_design }
if {"synth" in $steps || "cosim" in $steps || "export" in $steps} { csynth_design }
if {"cosim" in $steps} { cosim_design }
if {"export" in $steps} { export_design -format ip_catalog }
exit
