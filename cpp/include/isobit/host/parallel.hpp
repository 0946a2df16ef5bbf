// Contiguous shares of a loop over std::thread; the first exception of any share reaches the caller.
#ifndef ISOBIT_HOST_PARALLEL_HPP
#define ISOBIT_HOST_PARALLEL_HPP

#include "../standard.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace isobit {
namespace host {

// Calls body(begin, end) on disjoint ranges that cover [0, count), on at most `threads` threads.
template <class Body>
void parallel_for(std::size_t count, int threads, const Body& body) {
    if (threads < 1) throw std::invalid_argument("threads must be at least 1, not " + std::to_string(threads));
    const std::size_t shares = std::min(count, static_cast<std::size_t>(threads));
    if (shares <= 1) {
        body(std::size_t{0}, count);
        return;
    }
    std::vector<std::exception_ptr> errors(shares);
    std::vector<std::thread> workers;
    workers.reserve(shares - 1);
    const auto run = [&](std::size_t share) {
        try {
            body(count / shares * share + std::min(share, count % shares),
                 count / shares * (share + 1) + std::min(share + 1, count % shares));
        } catch (...) {
            errors[share] = std::current_exception();
        }
    };
    // A machine that refuses another thread still gets its answer: the caller does the remaining shares itself.
    std::size_t started = 1;
    try {
        for (; started < shares; ++started) workers.emplace_back(run, started);
    } catch (const std::exception&) {
    }
    run(0);
    for (std::size_t share = started; share < shares; ++share) run(share);
    for (std::thread& worker : workers) worker.join();
    for (const std::exception_ptr& error : errors) {
        if (error) std::rethrow_exception(error);
    }
}

}  // namespace host
}  // namespace isobit

#endif
