// The C++ standard that every header needs, said once. Some of isobit/host/ needs C++17.
#ifndef ISOBIT_STANDARD_HPP
#define ISOBIT_STANDARD_HPP

#if __cplusplus < 201402L
#error "isobit needs C++14 or later: compile with -std=c++14"
// No such file: the compiler stops here, where hundreds of errors would follow.
#define ISOBIT_STOP <isobit needs C++14 or later>
#include ISOBIT_STOP
#endif

#endif
