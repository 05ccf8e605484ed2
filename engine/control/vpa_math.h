#pragma once
// The recommender of the VerticalPodAutoscaler: decaying histograms of usage and what is read off them. Constants are
// those of the autoscaler project's recommender (vertical-pod-autoscaler 1.4, pkg/recommender); what is sampled is a
// model of ours: see README.md.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"

namespace wavetank::control::vpa {

using base::Duration;
using base::SimTime;

/// Buckets that grow by 5 %, the first of `first` units; a sample's weight halves every 24 h. Weights are whole
/// millionths, so that a histogram is the same after it was written and read.
class Histogram {
 public:
  explicit Histogram(double first = 10) : first_(first) {}
  void add(double value, double weight, SimTime at);
  /// The end of the bucket below which that share of the weight lies; 0 when empty. O(buckets).
  [[nodiscard]] double percentile(double share) const;
  [[nodiscard]] bool empty() const { return weights_.empty(); }

  /// "ref;bucket:weight,…"
  [[nodiscard]] std::string text() const;
  void read(std::string_view text);

 private:
  [[nodiscard]] double start(std::size_t bucket) const;
  double first_;
  SimTime reference_;
  std::map<std::size_t, std::int64_t> weights_;
};

/// What is known of the containers of one name.
struct Aggregate {
  std::string container;
  Histogram cpu{10};             ///< Thousandths of a core; the first bucket 10.
  Histogram memory{10'000'000};  ///< Bytes.
  SimTime first;                 ///< Of the samples.
  std::int64_t samples = 0;      ///< Of the cpu.
};
std::vector<Aggregate> read_aggregates(const std::string& text);
std::string write_aggregates(const std::vector<Aggregate>& all);

struct Amounts {
  std::int64_t milli_cpu = 0, memory = 0;
};
struct Recommendation {
  Amounts target, lower, upper, uncapped;
};
/// `containers`: of the pod; they share the least that is recommended (25m, 250Mi).
Recommendation recommend(const Aggregate& of, SimTime now, std::int64_t containers);

/// What memory a container is taken to need after it was killed for it: 20 % or 100Mi more than it had.
std::int64_t after_oom(std::int64_t bytes);

}  // namespace wavetank::control::vpa
