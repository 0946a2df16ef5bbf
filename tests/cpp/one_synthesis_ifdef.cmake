# Drift guard: exactly one file of the sources asks for __SYNTHESIS__ (house style: one #ifdef for synthesis).
file(GLOB_RECURSE sources ${ROOT}/cpp/*.hpp ${ROOT}/cpp/*.cpp ${ROOT}/cpp/*.h ${ROOT}/hls/*.hpp ${ROOT}/hls/*.cpp)
list(FILTER sources EXCLUDE REGEX "/hls/examples/[^/]+/firmware/include/")  # copies of cpp/include
set(found "")
foreach(source IN LISTS sources)
  file(READ ${source} text)
  if(text MATCHES "__SYNTHESIS__")
    list(APPEND found ${source})
  endif()
endforeach()
if(NOT found STREQUAL "${ROOT}/cpp/include/isobit/kernels/pragma.hpp")
  message(FATAL_ERROR "__SYNTHESIS__ must stand in kernels/pragma.hpp alone; found in: ${found}")
endif()
