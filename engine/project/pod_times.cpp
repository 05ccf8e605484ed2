#include "engine/project/pod_times.h"

#include <algorithm>

namespace wavetank::project {

void PodTimes::observe(const event::Event& event, const ClusterView& view) {
  if (const auto* bound = std::get_if<event::PodBound>(&event.payload)) {
    pending_.push_back((event.time - view->pods.created[bound->pod.index()]).ns);
  } else if (const auto* ready = std::get_if<event::PodReadyChanged>(&event.payload);
             ready != nullptr && ready->ready) {
    const std::size_t p = ready->pod.index();
    if (was_ready_.size() <= p) was_ready_.resize(p + 1);
    if (!was_ready_[p] && view.pod_node(ready->pod).valid())
      starting_.push_back((event.time - view->pods.scheduled[p]).ns);
    was_ready_[p] = true;
  }
}

PodTimes::Summary PodTimes::summarise(std::vector<std::int64_t> spans) {
  Summary out;
  out.count = spans.size();
  if (spans.empty()) return out;
  std::stable_sort(spans.begin(), spans.end());
  const auto rank = [&](std::size_t percent) { return Duration{spans[(spans.size() * percent + 99) / 100 - 1]}; };
  out.p50 = rank(50);
  out.p90 = rank(90);
  out.p99 = rank(99);
  out.most = Duration{spans.back()};
  return out;
}

}  // namespace wavetank::project
