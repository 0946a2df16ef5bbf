// Arrays, pointers and the containers and algorithms of std.
#pragma once

#include "show.hpp"

namespace containers_idioms {

IDIOM(indices) {
    int t[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    ap_uint<3> i = 5;
    SHOW(t[i]);
    SHOW(*(t + i));
    ap_uint<8> m[8];
    for (ap_uint<4> k = 0; k < 8; k++) m[k] = k * k;
    SHOW(m[i]);
    std::vector<int> v(8, 3);
    SHOW(v[i]);
    SHOW(m[i + 1]);
    std::array<int, 8> a{};
    SHOW(a[i]);
    SHOW(t[i & 1]);
}

IDIOM(fixed_as_index) {
    int t[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    ap_ufixed<6, 3> i = 5.5;
    SHOW(t[i]);
}

IDIOM(pointers) {
    int t[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    ap_uint<3> i = 5;
    int* p = t;
    p += i;
    SHOW(*p);
    SHOW(*(p - i));
    SHOW(t[7 - i]);
}

IDIOM(algorithms) {
    std::vector<ap_int<8>> v;
    for (int i = 0; i < 6; i++) v.push_back((i * 37) % 11 - 5);
    std::sort(v.begin(), v.end());
    for (auto& e : v) SHOW(e);
    SHOW(std::max(v[0], v[1]));
    SHOW(*std::min_element(v.begin(), v.end()));
    SHOW(std::accumulate(v.begin(), v.end(), ap_int<16>(0)));
    SHOW(std::accumulate(v.begin(), v.end(), 0));
    SHOW(std::count(v.begin(), v.end(), 0));
    SHOW(std::find(v.begin(), v.end(), 3) - v.begin());
    std::map<ap_int<8>, int> m;
    m[3] = 1;
    m[-1] = 2;
    SHOW(m.begin()->second);
    std::swap(v[0], v[1]);
    SHOW(v[0]);
    std::reverse(v.begin(), v.end());
    SHOW(std::inner_product(v.begin(), v.end(), v.begin(), ap_int<20>(0)));
    std::fill(v.begin(), v.end(), 7);
    SHOW(v[2]);
    std::iota(v.begin(), v.end(), 0);
    SHOW(v[5]);
}

IDIOM(static_arrays) {
    static ap_fixed<8, 4> t[3] = {0.5, 1, -1};
    const ap_uint<8> u[] = {1, 2, 300};
    ap_int<8> z[4] = {0};
    ap_int<8> m[2][2] = {{1, 2}, {3, 4}};
    SHOW(t[2]);
    SHOW(u[2]);
    SHOW(z[0]);
    SHOW(m[1][0]);
    static const ap_uint<4> k = 3;
    SHOW(k + 1);
    std::vector<ap_fixed<8, 4>> v = {0.5, 1, 2};
    SHOW(v[0]);
    std::array<ap_int<4>, 2> a = {{1, 2}};
    SHOW(a[1]);
    std::vector<ap_uint<8>> vv(4, 5);
    SHOW(vv[3]);
    std::vector<ap_uint<8>> v3(4);
    v3.resize(6, 1);
    SHOW(v3[5]);
    std::vector<int> vi(u, u + 3);
    SHOW(vi[1]);
    std::pair<ap_uint<4>, ap_int<4>> pr(1, -1);
    SHOW(pr.second);
    std::vector<ap_uint<8>> fromint;
    std::vector<int> ints{1, 2, 3};
    fromint.assign(ints.begin(), ints.end());
    SHOW(fromint[2]);
    std::vector<double> vd(t, t + 3);
    SHOW(vd[0]);
}

IDIOM(std_copy) {
    int a[3] = {1, 2, 3};
    ap_int<8> b[3];
    std::copy(a, a + 3, b);
    SHOW(b[2]);
    double d[3];
    std::copy(b, b + 3, d);
    SHOW(d[1]);
    ap_fixed<8, 4> f[3] = {1.5, 2.5, 3.5};
    std::copy(f, f + 3, d);
    SHOW(d[2]);
    std::copy(d, d + 3, f);
    SHOW(f[0]);
    std::transform(a, a + 3, b, [](int v) { return v * 2; });
    SHOW(b[0]);
    std::copy(b, b + 3, a);
    SHOW(a[0]);
}

IDIOM(larger_and_smaller) {
    ap_fixed<8, 4> a = 1.5;
    SHOW(std::max(a, ap_fixed<8, 4>(0)));
    SHOW((std::max<ap_fixed<8, 4>>(a, 2)));
    SHOW((std::min<int>(a, 2)));
    ap_uint<4> u = 9;
    SHOW((std::min<int>(u, 5)));
    SHOW(std::min((int)u, 5));
    SHOW((std::max<double>(u, 2.5)));
}

namespace of_keys_of_sets_and_maps {
struct H {
    size_t operator()(const ap_uint<8>& x) const { return x.to_uint(); }
};

IDIOM(keys_of_sets_and_maps) {
    std::set<ap_fixed<8, 4>> s;
    s.insert(1.5);
    s.insert(1.5);
    s.insert(-2);
    SHOW(s.size());
    SHOW(*s.begin());
    std::map<int, ap_uint<8>> m;
    m[3] = 5;
    m[3] = m[3] + 1;
    SHOW(m[3]);
}
}  // namespace of_keys_of_sets_and_maps

namespace of_sizes_of_arrays {
template <int N>
struct A {
    int a[N];
};

IDIOM(sizes_of_arrays) {
    SHOW(sizeof(A<ap_uint<9>::width>) / 4);
    int q[ap_fixed<8, 4>::iwidth];
    SHOW(sizeof(q) / 4);
    const int W = ap_fixed<8, 4>::width - ap_fixed<8, 4>::iwidth;
    SHOW(W);
}
}  // namespace of_sizes_of_arrays

IDIOM(sorted_candidates) {
    std::vector<std::pair<ap_ufixed<10, 8>, ap_uint<4>>> candidates;
    for (int i = 0; i < 7; ++i) candidates.emplace_back(ap_ufixed<10, 8>((i * 53 % 97) * 0.25), ap_uint<4>(i));
    std::sort(candidates.begin(), candidates.end(),
              [](const std::pair<ap_ufixed<10, 8>, ap_uint<4>>& a, const std::pair<ap_ufixed<10, 8>, ap_uint<4>>& b) {
                  return a.first > b.first || (a.first == b.first && a.second < b.second);
              });
    for (const auto& each : candidates) {
        SHOW(each.first);
        SHOW(each.second);
    }
    ap_ufixed<13, 11> sum = std::accumulate(candidates.begin(), candidates.end(), ap_ufixed<13, 11>(0),
                                            [](ap_ufixed<13, 11> s, const std::pair<ap_ufixed<10, 8>, ap_uint<4>>& c) {
                                                return ap_ufixed<13, 11>(s + c.first);
                                            });
    SHOW(sum);
    std::deque<ap_int<5>> line(4, ap_int<5>(0));
    line.push_front(-7);
    line.pop_back();
    SHOW(line.front());
    SHOW(line.size());
}

IDIOM(tuples_and_pairs) {
    ap_uint<4> a;
    ap_uint<4> b;
    std::tie(a, b) = std::make_tuple(3, 4);
    SHOW(a);
    SHOW(b);
    std::tuple<ap_uint<4>, ap_fixed<8, 4>> t(1, 2.5);
    SHOW(std::get<1>(t));
    auto p = std::make_pair(a, b);
    SHOW(p.first);
}

IDIOM(zeroed_values) {
    static ap_uint<8> a[4];
    SHOW(a[3]);
    static ap_fixed<8, 4> f[2][2];
    SHOW(f[1][1]);
    struct S {
        ap_uint<8> x;
        int y;
    };
    static S s;
    SHOW(s.x);
    S t = S();
    SHOW(t.x);
}

}  // namespace containers_idioms
