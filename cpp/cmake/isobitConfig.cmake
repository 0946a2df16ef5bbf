# find_package(isobit) gives the header-only C++ library:
#
#   isobit::headers        <isobit/fixed.hpp>, <isobit/kernels/dense.hpp>, ...; C++14
#   isobit::vendor_names   the same, and AMD's header names: <ap_fixed.h>, <hls_stream.h>, ...
#
# Where it is: python -c "import isobit; print(isobit.get_cmake_dir())", for -Disobit_DIR=... or CMAKE_PREFIX_PATH.
get_filename_component(isobit_INCLUDE_DIR "${CMAKE_CURRENT_LIST_DIR}/../include" ABSOLUTE)

if(NOT TARGET isobit::headers)
  add_library(isobit::headers INTERFACE IMPORTED)
  set_target_properties(isobit::headers PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${isobit_INCLUDE_DIR}"
    INTERFACE_COMPILE_FEATURES cxx_std_14)
endif()

if(NOT TARGET isobit::vendor_names)
  add_library(isobit::vendor_names INTERFACE IMPORTED)
  set_target_properties(isobit::vendor_names PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${isobit_INCLUDE_DIR}/vendor_names"
    INTERFACE_LINK_LIBRARIES isobit::headers)
endif()

set(isobit_FOUND TRUE)
