#include "engine/project/statistics.h"

#include <algorithm>

namespace wavetank::project {

void Statistics::observe(const event::Event& event, const ClusterView& view) {
  workloads.observe(event, view);
  disturbances.observe(event, view, workloads);
  pod_times.observe(event, view);
  traffic.observe(event, view);
  utilisation.observe(event, view);
  if (const auto* judged = std::get_if<event::ExpectationJudged>(&event.payload)) {
    expectations.push_back(
        {event.seq, event.time, judged->index, judged->text, judged->detail, judged->kept, event.cause});
  } else if (event.kind() == event::EventKind::PodDeletionStarted) {
    ++pods_deleted;
  } else if (event.kind() == event::EventKind::PodCreated || event.kind() == event::EventKind::PodMade) {
    ++pods_made;
  }
}

void Statistics::finish(SimTime at) {
  end = at;
  workloads.finish(at);
  traffic.finish(at);
  std::stable_sort(expectations.begin(), expectations.end(),
                   [](const auto& a, const auto& b) { return a.index < b.index; });
}

}  // namespace wavetank::project
