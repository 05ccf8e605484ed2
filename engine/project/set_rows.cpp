#include "engine/project/set_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/project/trouble.h"
#include "engine/project/words.h"

namespace wavetank::project {
namespace {

using model::Kind;

std::string age(SimTime t, const ClusterView& view) { return base::format_age(view.now() - t); }

void add_images(event::TemplateId tmpl, const ClusterView& view, std::vector<std::string>& row) {
  std::string names, images;
  for (const model::Container& c : view.pod_template(tmpl).value->spec.containers) {
    names += (names.empty() ? "" : ",") + c.name;
    images += (images.empty() ? "" : ",") + c.image;
  }
  row.push_back(names);
  row.push_back(images);
}

std::string node_selector_text(const model::Labels& labels) {
  std::string out;
  for (const auto& [key, value] : labels) out += fmt::format("{}{}={}", out.empty() ? "" : ",", key, value);
  return out.empty() ? "<none>" : out;
}

/// "deployment.apps/web" and the like.
std::string controller_text(Ref controller, const ClusterView& view) {
  return controller.valid() ? qualified_name(controller, view) : "<none>";
}

// ---- What a set waits for
// ---------------------------------------------------------------------------------------------------------

std::string revision_of(PodId pod, const ClusterView& view) {
  const std::string* label = model::find_label(view.pod_spec(pod).labels, "controller-revision-hash");
  return label == nullptr ? "" : *label;
}

/// Why the pod of one ordinal keeps the set from going on; "" if it does not.
std::string wait_words(const state::StatefulSetRow& row, const std::string& name, const ClusterView& view) {
  const Ref ref = view.find(Kind::Pod, view.text(row.header.ns), name);
  if (!ref.valid()) return fmt::format("It is about to make {}.", name);
  const auto pod = ref.as<PodId>();
  const std::string trouble = pod_trouble(pod, view);
  const std::string because = trouble.empty() ? "." : ": " + trouble + (trouble.back() == '.' ? "" : ".");
  if (view.pod_terminating(pod)) return fmt::format("It waits for {} to be gone{}", name, because);
  if (!view.pod_ready(pod)) return fmt::format("It waits for {} to be Ready{}", name, because);
  if (!view.pod_available(pod, row.spec.min_ready_seconds))
    return fmt::format("It waits for {} to be available: it has to stay Ready for {}s.", name,
                       row.spec.min_ready_seconds);
  return "";
}

std::string stateful_wait(const state::StatefulSetRow& row, const ClusterView& view) {
  const auto name = [&](std::int32_t i) {
    return fmt::format("{}-{}", view.text(row.header.name), row.spec.ordinals_start + i);
  };
  for (std::int32_t i = 0; i < row.spec.replicas && !row.spec.parallel; ++i) {
    if (std::string words = wait_words(row, name(i), view); !words.empty()) return words;
  }
  if (row.spec.on_delete) return "";
  for (std::int32_t i = row.spec.replicas; i-- > std::max(row.spec.partition, 0);) {
    if (std::string words = wait_words(row, name(i), view); !words.empty()) return words;
    const Ref pod = view.find(Kind::Pod, view.text(row.header.ns), name(i));
    if (pod.valid() && revision_of(pod.as<PodId>(), view) != row.status.update_revision)
      return fmt::format("Next it replaces {}, which has an older template.", name(i));
  }
  return "";
}

std::vector<std::string> present_stateful(const state::StatefulSetRow& row, const ClusterView& view) {
  const event::StatefulSetStatus& s = row.status;
  std::vector<std::string> out{fmt::format("It wants {} and has {}: {} up to date, {} ready, {} available.",
                                           count(row.spec.replicas, "pod"), s.replicas, s.updated, s.ready,
                                           s.available)};
  if (row.header.terminating()) return out;
  if (std::string words = stateful_wait(row, view); !words.empty()) out.push_back(std::move(words));
  const std::string kept =
      row.spec.partition > 0 && !row.spec.on_delete
          ? fmt::format(", the partition keeps it from ordinals below {}", row.spec.ordinals_start + row.spec.partition)
          : "";
  if (s.current_revision != s.update_revision)
    out.push_back(fmt::format("It goes from revision {} to {}{}{}.", s.current_revision, s.update_revision, kept,
                              row.spec.on_delete ? ", as its pods are deleted by others (OnDelete)" : ""));
  return out;
}

std::vector<std::string> present_daemon(const state::DaemonSetRow& row, const ClusterView& view) {
  const event::DaemonSetStatus& s = row.status;
  std::vector<std::string> out{fmt::format("It wants a pod on {} and has {}: {} up to date, {} ready, {} available.",
                                           count(s.desired, "node"), s.current_scheduled, s.updated, s.ready,
                                           s.available)};
  if (s.misscheduled > 0)
    out.push_back(
        fmt::format("{} should have none (any more).", count(s.misscheduled, "node with a pod", "nodes with a pod")));
  for (const PodId pod : row.pods) {
    if (view.pod_ready(pod) && !view.pod_terminating(pod)) continue;
    const std::string trouble = pod_trouble(pod, view);
    out.push_back(fmt::format("It waits for {}{}{}", view.pod_name(pod), trouble.empty() ? "" : ": ", trouble) + ".");
    if (out.size() == 4) break;  // the others will be much the same
  }
  return out;
}

}  // namespace

std::vector<Table::Column> set_columns(Kind kind) {
  switch (kind) {
    case Kind::StatefulSet:
      return {{"READY"}, {"AGE"}, {"CONTAINERS", true}, {"IMAGES", true}};
    case Kind::DaemonSet:
      return {{"DESIRED"}, {"CURRENT"},          {"READY"},        {"UP-TO-DATE"},    {"AVAILABLE"}, {"NODE SELECTOR"},
              {"AGE"},     {"CONTAINERS", true}, {"IMAGES", true}, {"SELECTOR", true}};
    default:
      return {{"CONTROLLER"}, {"REVISION"}, {"AGE"}};
  }
}

std::vector<std::string> set_cells(Ref ref, const ClusterView& view) {
  if (ref.kind == Kind::StatefulSet) {
    const state::StatefulSetRow& row = view.stateful_set(ref.as<event::StatefulSetId>());
    std::vector<std::string> out{fmt::format("{}/{}", row.status.ready, row.spec.replicas),
                                 age(row.header.created, view)};
    add_images(row.tmpl, view, out);
    return out;
  }
  if (ref.kind == Kind::DaemonSet) {
    const state::DaemonSetRow& row = view.daemon_set(ref.as<event::DaemonSetId>());
    const event::DaemonSetStatus& s = row.status;
    std::vector<std::string> out;
    for (const std::int32_t n : {s.desired, s.current_scheduled, s.ready, s.updated, s.available})
      out.push_back(fmt::format("{}", n));
    out.push_back(node_selector_text(view.pod_template(row.tmpl).value->spec.node_selector));
    out.push_back(age(row.header.created, view));
    add_images(row.tmpl, view, out);
    out.push_back(row.spec.selector.text());
    return out;
  }
  const state::ControllerRevisionRow& row = view.controller_revision(ref.as<event::ControllerRevisionId>());
  return {controller_text(row.header.controller, view), fmt::format("{}", row.revision), age(row.header.created, view)};
}

std::vector<std::string> present_set(Ref ref, const ClusterView& view) {
  return ref.kind == Kind::StatefulSet ? present_stateful(view.stateful_set(ref.as<event::StatefulSetId>()), view)
                                       : present_daemon(view.daemon_set(ref.as<event::DaemonSetId>()), view);
}

}  // namespace wavetank::project
