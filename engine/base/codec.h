#pragma once
// The byte codec of events and snapshots. A type lists its fields once, in `template <class A> void fields(A& a) { a(x,
// y); }`; Writer and Reader walk the same list, so that what is written is what is read.
//
//   unsigned, enum, Id, Seq   LEB128 varint (an Id as value + 1, "none" as 0, modulo 2^32)
//   signed, Duration, SimTime zigzag, then varint
//   bool                      one byte, 0 or 1
//   string                    length as varint, then bytes
//   vector<T>                 count as varint, then elements
//   optional<T>               one byte 0 or 1, then the value
//   pair, struct              fields in order

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/time.h"

namespace wavetank::base {

template <class T>
struct IsId : std::false_type {};
template <class Tag>
struct IsId<Id<Tag>> : std::true_type {};

/// Appends to a byte buffer that it does not own. Amortised O(bytes written).
class Writer {
 public:
  explicit Writer(std::vector<std::uint8_t>& out) : out_(&out) {}

  template <class... Ts>
  void operator()(const Ts&... values) {
    (put(values), ...);
  }

  void varint(std::uint64_t v) {
    while (v >= 0x80) {
      out_->push_back(static_cast<std::uint8_t>(v | 0x80));
      v >>= 7;
    }
    out_->push_back(static_cast<std::uint8_t>(v));
  }
  void zigzag(std::int64_t v) { varint((static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63)); }
  void bytes(const void* data, std::size_t size) {
    const auto* first = static_cast<const std::uint8_t*>(data);
    out_->insert(out_->end(), first, first + size);
  }

 private:
  template <class T>
  void put(const T& v) {
    if constexpr (std::is_same_v<T, bool>) {
      out_->push_back(v ? 1 : 0);
    } else if constexpr (std::is_enum_v<T>) {
      varint(static_cast<std::uint64_t>(v));
    } else if constexpr (std::is_unsigned_v<T>) {
      varint(v);
    } else if constexpr (std::is_integral_v<T>) {
      zigzag(v);
    } else if constexpr (IsId<T>::value) {
      varint(static_cast<std::uint32_t>(v.value + 1U));
    } else if constexpr (std::is_same_v<T, SimTime> || std::is_same_v<T, Duration>) {
      zigzag(v.ns);
    } else {
      const_cast<T&>(v).fields(*this);  // fields() is one list for reading and writing; a Writer changes nothing
    }
  }
  void put(const std::string& v) {
    varint(v.size());
    bytes(v.data(), v.size());
  }
  template <class T>
  void put(const std::vector<T>& v) {
    varint(v.size());
    for (const T& x : v) put(x);
  }
  template <class T>
  void put(const std::optional<T>& v) {
    put(v.has_value());
    if (v) put(*v);
  }
  template <class A, class B>
  void put(const std::pair<A, B>& v) {
    put(v.first);
    put(v.second);
  }

  std::vector<std::uint8_t>* out_;
};

/// Reads what Writer wrote. Never reads past the end: after a short or malformed input `ok()` is false and values are
/// defaults.
class Reader {
 public:
  Reader(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}

  template <class... Ts>
  void operator()(Ts&... values) {
    (get(values), ...);
  }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return at_ == end_; }
  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  [[nodiscard]] const std::uint8_t* position() const { return at_; }
  /// Leaves out `size` bytes, at most those left.
  void skip(std::size_t size) { at_ += size < left() ? size : left(); }
  void fail() {
    ok_ = false;
    at_ = end_;
  }

  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) break;
      const std::uint8_t b = *at_++;
      v |= static_cast<std::uint64_t>(b & 0x7fU) << shift;
      if ((b & 0x80U) == 0) return v;
    }
    fail();
    return 0;
  }
  std::int64_t zigzag() {
    const std::uint64_t v = varint();
    return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
  }

 private:
  template <class T>
  void get(T& v) {
    if constexpr (std::is_same_v<T, bool>) {
      const std::uint64_t raw = varint();
      if (raw > 1) fail();
      v = raw == 1;
    } else if constexpr (std::is_enum_v<T> || std::is_unsigned_v<T>) {
      v = static_cast<T>(varint());
    } else if constexpr (std::is_integral_v<T>) {
      v = static_cast<T>(zigzag());
    } else if constexpr (IsId<T>::value) {
      v = T(static_cast<std::uint32_t>(varint() - 1U));
    } else if constexpr (std::is_same_v<T, SimTime> || std::is_same_v<T, Duration>) {
      v.ns = zigzag();
    } else {
      v.fields(*this);
    }
  }
  void get(std::string& v) {
    const std::uint64_t size = varint();
    if (size > left()) return fail();
    v.assign(reinterpret_cast<const char*>(at_), size);
    at_ += size;
  }
  template <class T>
  void get(std::vector<T>& v) {
    const std::uint64_t count = varint();
    v.clear();
    if (count > left()) return fail();  // an element takes at least a byte: a lying count cannot make us allocate
    v.reserve(count);
    for (std::uint64_t i = 0; i < count && ok_; ++i) {
      T x{};
      get(x);
      v.push_back(std::move(x));
    }
  }
  template <class T>
  void get(std::optional<T>& v) {
    bool has = false;
    get(has);
    if (has) {
      v.emplace();
      get(*v);
    } else {
      v.reset();
    }
  }
  template <class A, class B>
  void get(std::pair<A, B>& v) {
    get(v.first);
    get(v.second);
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool ok_ = true;
};

}  // namespace wavetank::base
