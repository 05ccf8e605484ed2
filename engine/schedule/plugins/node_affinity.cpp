// spec.nodeSelector and node affinity, with the profile's addedAffinity. Source:
// pkg/scheduler/framework/plugins/nodeaffinity.

#include <algorithm>

#include "engine/schedule/node_match.h"
#include "engine/schedule/plugins/registry.h"

namespace wavetank::schedule {
namespace {

constexpr const char* kReasonConflict = "pod affinity terms conflict";

/// The node names a term's metadata.name fields leave, or nothing when it has none.
std::optional<std::vector<std::string>> names_of(const model::NodeSelectorTerm& term) {
  std::optional<std::vector<std::string>> out;
  for (const model::Requirement& r : term.match_fields) {
    if (r.key != "metadata.name" || r.op != model::SelectorOp::In) continue;
    std::vector<std::string> values = r.values;
    if (out) {
      std::erase_if(values, [&](const std::string& v) { return std::find(out->begin(), out->end(), v) == out->end(); });
    }
    out = std::move(values);
  }
  return out;
}

struct Data : PluginData {
  bool skip = false;
  PreFilterStatus pre_filter;
  std::vector<const model::PreferredNodeTerm*> preferred;
};

class NodeAffinity final : public Plugin {
 public:
  explicit NodeAffinity(const NodeAffinityArgs& args) : added_(args.added) {}

  void append_class_key(const model::PodSpec& spec, std::string& key) const override {
    append_required_affinity_key(key, spec);
    if (!spec.affinity.node) return append_key(key, std::int64_t{0});
    append_key(key, static_cast<std::int64_t>(spec.affinity.node->preferred.size()));
    for (const model::PreferredNodeTerm& t : spec.affinity.node->preferred) {
      append_key(key, std::int64_t{t.weight});
      append_key(key, t.preference);
    }
  }

  std::unique_ptr<PluginData> compile(const Cycle& c) override {
    auto out = std::make_unique<Data>();
    const model::PodSpec& spec = c.pod_class.spec();
    const bool required = spec.affinity.node && spec.affinity.node->required;
    if (!required && !added_required() && spec.node_selector.empty())
      out->pre_filter.code = PreFilterStatus::Code::Skip;
    if (required) narrow(*spec.affinity.node->required, out->pre_filter);
    if (spec.affinity.node) collect(spec.affinity.node->preferred, out->preferred);
    out->skip =
        !(spec.affinity.node && !spec.affinity.node->preferred.empty()) && !(added_ && !added_->preferred.empty());
    if (added_) collect(added_->preferred, out->preferred);
    return out;
  }

  PreFilterStatus pre_filter(const Cycle& c) override { return data<Data>(c).pre_filter; }

  void filter(const Cycle& c, Nodes nodes, Verdict* verdicts) override {
    if (data<Data>(c).pre_filter.code == PreFilterStatus::Code::Skip) return;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const state::NodeRow& row = c.view.node(nodes[i]);
      const std::string_view name = c.view.text(row.header.name);
      if (added_required() && !any_matches(*added_->required, row.labels, name)) {
        fail(verdicts[i], added_mismatch_.in(c.reasons), true);
      } else if (!required_node_affinity_matches(c.pod_class.spec(), row.labels, name)) {
        fail(verdicts[i], pod_mismatch_.in(c.reasons), true);
      }
    }
  }

  bool pre_score(const Cycle& c, Nodes) override { return !data<Data>(c).skip; }
  void score(const Cycle& c, Nodes nodes, std::int64_t* raw) override {
    const auto& preferred = data<Data>(c).preferred;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      raw[i] = 0;
      if (preferred.empty()) continue;
      const state::NodeRow& row = c.view.node(nodes[i]);
      for (const model::PreferredNodeTerm* t : preferred) {
        if (term_matches(t->preference, row.labels, c.view.text(row.header.name))) raw[i] += t->weight;
      }
    }
  }
  void normalize(const Cycle&, Nodes nodes, std::int64_t* scores) override {
    default_normalize({scores, nodes.size()}, false);
  }

  [[nodiscard]] std::span<const EventRegistration> registered_events() const override {
    static constexpr EventRegistration kEvents[] = {{Resource::Node, action::kAdd | action::kUpdateNodeLabel}};
    return kEvents;
  }
  /// Of the old node only the pod's own terms are asked, not the profile's: as Kubernetes has it.
  bool helps(const ClusterEvent& e, const Cycle& c) const override {
    const NodeObject& now = *e.new_node;
    if (added_required() && !any_matches(*added_->required, now.labels, now.name)) return false;
    const auto own = [&](const NodeObject& n) {
      return required_node_affinity_matches(c.pod_class.spec(), n.labels, n.name);
    };
    return own(now) && (e.old_node == nullptr || !own(*e.old_node));
  }

 private:
  [[nodiscard]] bool added_required() const { return added_ && added_->required; }
  static bool any_matches(const std::vector<model::NodeSelectorTerm>& terms, const model::Labels& labels,
                          std::string_view name) {
    return std::any_of(terms.begin(), terms.end(), [&](const auto& t) { return term_matches(t, labels, name); });
  }
  [[nodiscard]] bool matches(const Cycle& c, const model::Labels& labels, std::string_view name) const {
    return (!added_required() || any_matches(*added_->required, labels, name)) &&
           required_node_affinity_matches(c.pod_class.spec(), labels, name);
  }
  static void collect(const std::vector<model::PreferredNodeTerm>& from,
                      std::vector<const model::PreferredNodeTerm*>& to) {
    for (const model::PreferredNodeTerm& t : from) {
      if (t.weight != 0) to.push_back(&t);
    }
  }
  /// Terms are or-ed: only when every one names nodes do the names narrow the search.
  static void narrow(const std::vector<model::NodeSelectorTerm>& terms, PreFilterStatus& out) {
    std::vector<std::string> names;
    for (const model::NodeSelectorTerm& t : terms) {
      const auto own = names_of(t);
      if (!own) return;
      names.insert(names.end(), own->begin(), own->end());
    }
    if (terms.empty()) return;
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (names.empty()) {
      out.code = PreFilterStatus::Code::Unresolvable;
      out.message = kReasonConflict;
      return;
    }
    out.nodes = std::move(names);
  }

  std::optional<model::NodeAffinity> added_;
  Reason pod_mismatch_{"node(s) didn't match Pod's node affinity/selector"};
  Reason added_mismatch_{"node(s) didn't match scheduler-enforced node affinity"};
};

}  // namespace

std::unique_ptr<Plugin> make_node_affinity(const Profile& profile) {
  return std::make_unique<NodeAffinity>(profile.node_affinity);
}

}  // namespace wavetank::schedule
