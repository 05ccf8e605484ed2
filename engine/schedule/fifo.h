#pragma once
// A queue of small values in one block of memory, which grows and shrinks with what is in it. Amortised O(1), no
// allocation while its length stays about the same.

#include <cstddef>
#include <utility>
#include <vector>

namespace wavetank::schedule {

template <class T>
class Fifo {
 public:
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const T& front() const { return (*this)[0]; }
  [[nodiscard]] const T& back() const { return (*this)[size_ - 1]; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return block_[(head_ + i) & (block_.size() - 1)]; }
  [[nodiscard]] std::size_t bytes() const { return block_.capacity() * sizeof(T); }

  void push(T value) {
    if (size_ == block_.size()) move_to(size_ == 0 ? kLeast : size_ * 2);
    block_[(head_ + size_) & (block_.size() - 1)] = std::move(value);
    ++size_;
  }
  void pop() {
    head_ = (head_ + 1) & (block_.size() - 1);
    --size_;
    if (block_.size() > kLeast && size_ * 8 < block_.size()) move_to(block_.size() / 4);
  }
  /// Keeps those for which `keep(value)` holds, in their order; it may change them.
  template <class F>
  void filter(F&& keep) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      T& value = block_[(head_ + i) & (block_.size() - 1)];
      if (keep(value)) block_[(head_ + kept++) & (block_.size() - 1)] = value;
    }
    size_ = kept;
    std::size_t room = kLeast;
    while (room < size_ * 2) room *= 2;
    if (room < block_.size()) move_to(room);
  }
  void clear() { *this = Fifo(); }

 private:
  static constexpr std::size_t kLeast = 64;  // a power of two

  void move_to(std::size_t room) {
    std::vector<T> block(room);
    for (std::size_t i = 0; i < size_; ++i) block[i] = std::move(block_[(head_ + i) & (block_.size() - 1)]);
    block_ = std::move(block);
    head_ = 0;
  }

  std::vector<T> block_;
  std::size_t head_ = 0, size_ = 0;
};

}  // namespace wavetank::schedule
