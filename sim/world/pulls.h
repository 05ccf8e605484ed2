#pragma once
// The image pulls of one node: so many at a time, in the order of asking, sharing the node's bandwidth.
// Source of the order: pkg/kubelet/images/puller.go (serialImagePuller, parallelImagePuller).

#include <cstdint>
#include <vector>

#include "engine/base/time.h"
#include "engine/event/ids.h"

namespace wavetank::world {

struct Pull {
  event::PodId pod;
  std::uint32_t container = 0;
  std::uint32_t image = 0;  ///< The world's image.
  std::int64_t size = 0;
  base::SimTime begun;
  base::SimTime resolved;  ///< The registry has answered.
  std::int64_t left = 0;   ///< Bytes; valid once `resolving` is over.
  bool resolving = true;

  template <class A>
  void fields(A& a) {
    a(pod, container, image, size, begun, resolved, left, resolving);
  }
};

class Pulls {
 public:
  /// What the registry says when asked.
  enum class Answer : std::uint8_t { Fetch, Present, Unavailable };
  struct Done {
    Pull pull;
    bool ok = false;
  };

  /// Asks for an image; it waits for its turn. Call advance() afterwards.
  void add(event::PodId pod, std::uint32_t container, std::uint32_t image, std::int64_t size);
  /// Forgets the pulls of a pod. Call advance() afterwards.
  bool cancel(event::PodId pod);
  void clear();
  [[nodiscard]] bool idle() const { return active_.empty() && waiting_.empty(); }

  struct Limits {
    std::int64_t bytes_per_second = 1;  ///< 0: nothing moves.
    std::int64_t parallel = 1;
    base::Duration latency;
  };
  /// Moves all pulls to `now` and begins those whose turn it is. `ask(image)` → Answer, when the registry answers.
  /// Appends what ended, in the order of beginning. Rates hold since the last call.
  template <class Ask>
  void advance(base::SimTime now, const Limits& limits, Ask&& ask, std::vector<Done>& done) {
    transfer(now);
    for (std::size_t i = 0; i < active_.size();) {
      Pull& pull = active_[i];
      if (pull.resolving && pull.resolved <= now) {
        pull.resolving = false;
        const Answer answer = ask(pull.image);
        pull.left = answer == Answer::Fetch ? pull.size : 0;
        if (answer == Answer::Unavailable) {
          done.push_back({pull, false});
          active_.erase(active_.begin() + static_cast<std::ptrdiff_t>(i));
          continue;
        }
      }
      if (!pull.resolving && pull.left <= 0) {
        done.push_back({pull, true});
        active_.erase(active_.begin() + static_cast<std::ptrdiff_t>(i));
        continue;
      }
      ++i;
    }
    admit(now, limits);
    rate_ = limits.bytes_per_second;
  }
  /// When advance() has to be called next; never while nothing moves.
  [[nodiscard]] base::SimTime next(base::SimTime now) const;

  template <class A>
  void fields(A& a) {
    a(active_, waiting_, updated_, rate_);
  }

 private:
  void transfer(base::SimTime now);
  void admit(base::SimTime now, const Limits& limits);
  [[nodiscard]] std::int64_t transferring() const;

  std::vector<Pull> active_, waiting_;
  base::SimTime updated_;
  std::int64_t rate_ = 1;
};

}  // namespace wavetank::world
