#pragma once
// Interned strings. Ids are given in order of first appearance, so the same history gives the same ids.

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/ids.h"

namespace wavetank::base {

class SymbolPool {
 public:
  SymbolPool() { intern(""); }
  SymbolPool(const SymbolPool&) = delete;  // the index points into the strings
  SymbolPool& operator=(const SymbolPool&) = delete;
  SymbolPool(SymbolPool&&) = default;
  SymbolPool& operator=(SymbolPool&&) = default;

  /// The id of `text`, made if new. Amortised O(length). The empty string is always id 0.
  Sym intern(std::string_view text) {
    if (const auto found = index_.find(text); found != index_.end()) return found->second;
    const Sym id(strings_.size());
    strings_.emplace_back(text);
    index_.emplace(strings_.back(), id);
    return id;
  }
  /// The id of `text`, or an invalid one.
  [[nodiscard]] Sym find(std::string_view text) const {
    const auto found = index_.find(text);
    return found == index_.end() ? Sym() : found->second;
  }
  /// The text; stays valid as long as the pool.
  [[nodiscard]] std::string_view text(Sym id) const { return id.valid() ? std::string_view(strings_[id.index()]) : ""; }
  [[nodiscard]] std::size_t size() const { return strings_.size(); }

 private:
  std::deque<std::string> strings_;
  std::unordered_map<std::string_view, Sym> index_;
};

}  // namespace wavetank::base
