// The worker process: says what the design's arguments are, or serves requests until its input closes.
//
// A request is one line "EVENTS raw|value trace|output" on the standard input; its words stand in the file of the
// first descriptor, the results go to the file of the second, and the reply, "ok WORDS" and one line a tap and an
// empty one, to what was the standard output. Whatever the design prints goes to the standard error.
#ifndef ISOBIT_CSIM_WORKER_HPP
#define ISOBIT_CSIM_WORKER_HPP

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <iostream>

#include "channel.hpp"

namespace isobit_csim {

typedef void (*Event)(Channel&);

inline int describe(Event event) {
    Channel channel;
    channel.describing = true;
    event(channel);
    std::fputs(channel.ports.c_str(), stdout);
    return std::fflush(stdout) == 0 ? 0 : 3;
}

// Results of one request; the design's arrays stand on the stack, as in hls4ml's own bridge.
inline std::string simulate(Event event, Channel& channel, long events, int in, int out, volatile word* progress) {
    const off_t bytes = ::lseek(in, 0, SEEK_END);
    void* data = bytes > 0 ? ::mmap(nullptr, static_cast<std::size_t>(bytes), PROT_READ, MAP_SHARED, in, 0) : nullptr;
    if (bytes < 0 || data == MAP_FAILED) give_up("the input cannot be read");
    const word* words = static_cast<const word*>(data);
    channel.source(words, words + bytes / 8);
    channel.sink(out);
    channel.ports.clear();
    ::lseek(out, 0, SEEK_SET);
    for (long i = 0; i < events; i++) {
        *progress = static_cast<word>(i);
        channel.begin(i == 0);
        event(channel);
        channel.flush(false);
    }
    channel.flush(true);
    if (data) ::munmap(data, static_cast<std::size_t>(bytes));
    return "ok " + std::to_string(::lseek(out, 0, SEEK_CUR) / 8) + "\n" + channel.ports + "\n";
}

// Nobody is left to tell the results to once the other end of the requests is closed: a design that computes for ever
// must not go on then. Reading waits for the next request; this thread sees the hang-up meanwhile.
inline void* watch(void* descriptor) {
    struct pollfd requests;
    requests.fd = *static_cast<int*>(descriptor);
    requests.events = 0;  // POLLHUP is always reported
    while (::poll(&requests, 1, -1) < 0 || (requests.revents & (POLLHUP | POLLERR | POLLNVAL)) == 0) {
    }
    ::_exit(0);
}

inline int serve(Event event, int in, int out, int state) {
    static int input = -1;  // outlives the function for the thread
    input = ::dup(0);
    std::FILE* requests = ::fdopen(input, "r");
    const int reply = ::dup(1);
    const int nothing = ::open("/dev/null", O_RDONLY);
    if (!requests || reply < 0 || nothing < 0 || ::dup2(nothing, 0) < 0 || ::dup2(2, 1) < 0) return 3;
    ::close(nothing);
    void* page = ::mmap(nullptr, sizeof(word), PROT_READ | PROT_WRITE, MAP_SHARED, state, 0);
    if (page == MAP_FAILED) return 3;
    struct rlimit stack;
    if (::getrlimit(RLIMIT_STACK, &stack) == 0) {
        const rlim_t wanted = 100ul << 20;  // the gap that Linux leaves below the stack is a little larger
        stack.rlim_cur = stack.rlim_max == RLIM_INFINITY || stack.rlim_max > wanted ? wanted : stack.rlim_max;
        ::setrlimit(RLIMIT_STACK, &stack);
    }
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);  // the design's signals are the main thread's
    pthread_t watcher;
    pthread_attr_t little;  // else it would have a stack as large as the design's
    ::pthread_attr_init(&little);
    ::pthread_attr_setstacksize(&little, 1u << 18);
    if (::pthread_create(&watcher, &little, watch, &input) != 0) return 3;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    long events;
    char number_form[8], result_form[8];
    Channel channel;
    while (std::fscanf(requests, "%ld %7s %7s", &events, number_form, result_form) == 3) {
        channel.raw = std::strcmp(number_form, "raw") == 0;
        channel.tapping = std::strcmp(result_form, "trace") == 0;
        const std::string said = simulate(event, channel, events, in, out, static_cast<volatile word*>(page));
        std::cout.flush();
        std::fflush(stdout);
        std::size_t sent = 0;
        while (sent < said.size()) {
            const ssize_t done = ::write(reply, said.data() + sent, said.size() - sent);
            if (done <= 0) std::_Exit(0);  // nobody listens any more
            sent += static_cast<std::size_t>(done);
        }
    }
    std::_Exit(0);  // without destructors: a stream's would talk about what it still holds
}

inline int work(int argc, char** argv, Event event) {
    if (argc == 2 && std::strcmp(argv[1], "describe") == 0) return describe(event);
    if (argc == 5 && std::strcmp(argv[1], "serve") == 0)
        return serve(event, std::atoi(argv[2]), std::atoi(argv[3]), std::atoi(argv[4]));
    std::fprintf(stderr, "usage: %s describe | serve INPUT OUTPUT STATE (open file descriptors)\n", argv[0]);
    return 2;
}

}  // namespace isobit_csim

#endif
