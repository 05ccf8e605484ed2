#pragma once
// The nodes a pod of one class could go to, in cells: nodes that no plugin can tell apart for this class, but for how
// loaded they are. A plugin is then asked about one node a cell instead of about every node, and the best node of a
// cell is known from a count of nodes by load score. A bind moves one node to another score or cell.
//
// What is kept is four bytes a node: which nodes are the best is found by looking for those that have the winning cell
// and score, O(nodes) over a column of integers, and only when a node has to be named.

#include <cstdint>
#include <span>
#include <vector>

#include "engine/event/ids.h"

namespace wavetank::schedule {

using event::NodeId;

class Cells {
 public:
  /// Cell and score of one node, as one number.
  using Place = std::uint32_t;
  static constexpr Place kNowhere = 0xffffffffU;
  static constexpr std::size_t kMaxCells = 0xffff;
  static constexpr std::int32_t kMaxScore = 0xffff;

  /// Empty, for keys of `key_width` numbers.
  void reset(std::size_t key_width, std::size_t nodes);
  void resize(std::size_t nodes) {
    if (places_.size() < nodes) places_.resize(nodes, kNowhere);
  }
  /// False when there is no room for another cell or the score is out of range: then the cells are of no use.
  bool put(NodeId node, const std::int32_t* key, std::int32_t score);
  void drop(NodeId node) { move(node, kNowhere); }
  /// Takes a node out for a while; put it back at the place returned.
  Place take_out(NodeId node) {
    const Place was = places_[node.index()];
    move(node, kNowhere);
    return was;
  }
  void put_back(NodeId node, Place place) { move(node, place); }

  /// Calls f(cell) for the cells that have members.
  template <class F>
  void for_each(F&& f) const {
    for (std::uint32_t c = 0; c < cells_.size(); ++c) {
      if (cells_[c].members > 0) f(c);
    }
  }
  [[nodiscard]] std::uint32_t members(std::uint32_t cell) const { return cells_[cell].members; }
  /// Most cells have lost their last member, so that it pays to make them anew.
  [[nodiscard]] bool wasteful() const { return cells_.size() > 2 * live_ + 256; }
  /// The highest score in the cell and how many nodes have it.
  struct Best {
    std::int32_t score;
    std::uint32_t nodes;
  };
  [[nodiscard]] Best best(std::uint32_t cell) const { return cells_[cell].scores.back(); }
  [[nodiscard]] Place best_place(std::uint32_t cell) const {
    return cell << 16 | static_cast<std::uint32_t>(cells_[cell].scores.back().score);
  }
  [[nodiscard]] Place place(NodeId node) const { return places_[node.index()]; }
  /// Some member of a cell that has one. O(1) mostly, O(nodes) at worst.
  NodeId any_member(std::uint32_t cell);
  /// The node at the cell's best place, when there is one only and it is known without a search.
  [[nodiscard]] NodeId known_best(std::uint32_t cell) const {
    const Cell& c = cells_[cell];
    return c.top.valid() && places_[c.top.index()] == best_place(cell) ? c.top : NodeId();
  }
  /// The `count` nodes at any of `places`, in the order of their numbers. O(nodes).
  void find(std::span<const Place> places, std::size_t count, std::vector<NodeId>& out) const;

 private:
  struct Cell {
    std::vector<Best> scores;  ///< Ascending, none without nodes.
    std::uint32_t members = 0;
    NodeId known;  ///< Was a member once.
    NodeId top;    ///< Was the best, or one of the best, once.
  };
  std::uint32_t cell_of(const std::int32_t* key);
  [[nodiscard]] bool has_key(std::uint32_t cell, const std::int32_t* key) const {
    const std::int32_t* own = keys_.data() + cell * width_;
    std::int32_t differ = 0;
    for (std::size_t i = 0; i < width_; ++i) differ |= own[i] ^ key[i];
    return differ == 0;
  }
  void grow_table();
  void move(NodeId node, Place to);
  void add(Cell& cell, std::int32_t score);
  void remove(Cell& cell, std::int32_t score);

  std::size_t width_ = 0;
  std::size_t live_ = 0;       // cells with members
  std::vector<Place> places_;  // by node
  std::vector<Cell> cells_;
  std::vector<std::int32_t> keys_;    // width_ a cell
  std::vector<std::uint32_t> table_;  // open addressing over cells, a power of two
};

}  // namespace wavetank::schedule
