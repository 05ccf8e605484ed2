// Targets that fail and are repaired again and again.
#include <algorithm>

#include "sim/fault/registry.h"

namespace wavetank::fault {
namespace {

// Nothing fails or is repaired faster: a draw of nothing would never let time go on.
constexpr Duration kShortest = base::milliseconds(1);
constexpr SimTime kLatest{std::int64_t{1} << 62};

bool takes(const FaultSpec& spec, std::string_view field) {
  const KindInfo* kind = find_kind(spec.kind);
  return kind != nullptr &&
         (" " + std::string(kind->fields) + " ").find(" " + std::string(field) + " ") != std::string::npos;
}

SimTime later(SimTime from, Duration by) { return by > kLatest - from ? kLatest : from + std::max(by, kShortest); }

}  // namespace

std::size_t FaultEngine::begin_renewal(const FaultSpec& spec, SimTime now) {
  // The words do not hold the distributions: with another mean the same targets fail in the same order, sooner or
  // later.
  const std::string words = "every " + spec.text();
  const base::Stream stream = base::Stream(seed_, "fault").of(words).of(begun_[words]++);
  renewals_.push_back({spec, stream, now, 0, 0, {}, false});
  const std::size_t renewal = renewals_.size() - 1;
  find_targets(renewal, now);
  // What strikes no nodes, pods or domains of them is one target.
  const bool one = !takes(spec, "node") && !takes(spec, "pod") && !takes(spec, "zone") && !takes(spec, "label");
  if (one) add_process(renewal, spec, "", now);
  return renewal;
}

void FaultEngine::add_process(std::size_t renewal, FaultSpec spec, std::string_view target, SimTime now) {
  spec.time_to_failure.reset();
  processes_.push_back({renewal, std::move(spec), renewals_[renewal].stream.of(target), 0, std::nullopt});
  plan_failure(processes_.size() - 1, now);
}

void FaultEngine::plan_failure(std::size_t process, SimTime from) {
  const Process& p = processes_[process];
  const Duration up = renewals_[p.renewal].spec.time_to_failure->draw(p.stream.of("failure"), p.failures);
  const SimTime at = later(from, up);
  if (at < kLatest) failures_.push(at, 0, 0, static_cast<std::uint32_t>(process), 0);
}

// Nodes, pods and domains that have come up since the last look.
void FaultEngine::find_targets(std::size_t renewal, SimTime now) {
  Renewal& r = renewals_[renewal];
  if (r.over) return;
  const ClusterView view = control_plane_->view(now);
  const bool domains = r.spec.kind == "zone-outage" || r.spec.kind == "domain-outage";
  if (takes(r.spec, "node") || domains) {
    for (; r.nodes_seen < view->nodes.size(); ++r.nodes_seen) {
      const state::NodeRow& row = view->nodes[r.nodes_seen];
      if (!row.header.alive || !is_meant(view, row, r.spec)) continue;
      FaultSpec spec = r.spec;
      std::string target;
      if (domains) {
        const std::string domain = domain_of(view, row, r.spec);
        const auto at = std::lower_bound(r.known.begin(), r.known.end(), domain);
        if (at != r.known.end() && *at == domain) continue;
        r.known.insert(at, domain);
        (r.spec.kind == "zone-outage" ? spec.zone : spec.label) = domain;
        target = domain;
      } else {
        target = view.text(row.header.name);
        spec.node = target;
        spec.zone.clear();
        spec.label.clear();
      }
      add_process(renewal, std::move(spec), target, now);
    }
  } else if (takes(r.spec, "pod")) {
    for (; r.pods_seen < view->pods.size(); ++r.pods_seen) {
      const PodId pod(r.pods_seen);
      if (!view.pod_alive(pod) || !is_meant(view, pod, r.spec)) continue;
      FaultSpec spec = r.spec;
      spec.pod = view.pod_name(pod);
      spec.ns = view.text(view.pod_ns(pod));
      spec.workload.clear();
      add_process(renewal, spec, spec.ns + "/" + spec.pod, now);
    }
  }
}

void FaultEngine::fail(std::size_t process, SimTime now) {
  Process& p = processes_[process];
  if (renewals_[p.renewal].over) return;
  const ClusterView view = control_plane_->view(now);
  if (!p.spec.pod.empty() && !view.find(model::Kind::Pod, p.spec.ns, p.spec.pod).valid()) return;
  if (takes(p.spec, "node") && !view.find(model::Kind::Node, "", p.spec.node).valid()) return;
  FaultSpec spec = p.spec;
  spec.time_to_repair.reset();
  if (p.spec.time_to_repair)
    spec.duration = std::max(p.spec.time_to_repair->draw(p.stream.of("repair"), p.failures), kShortest);
  ++p.failures;
  const base::Result<FaultId> begun = begin(spec, now);  // a container that does not run just now is left alone
  p.last = begun ? std::optional(*begun) : std::nullopt;
  const bool for_good = begun && find_kind(spec.kind)->end != nullptr && !spec.duration;
  if (!for_good) plan_failure(process, begun && spec.duration ? later(now, *spec.duration) : now);
}

bool FaultEngine::end_renewal(std::size_t renewal, SimTime now, Seq cause) {
  if (renewals_[renewal].over) return false;
  renewals_[renewal].over = true;
  for (Process& p : processes_) {
    if (p.renewal == renewal && p.last) end(*p.last, now, cause);
  }
  return true;
}

}  // namespace wavetank::fault
