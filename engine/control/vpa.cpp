// The VerticalPodAutoscaler: recommender and updater as one controller, once a minute. Not a part of Kubernetes itself:
// after kubernetes/autoscaler, vertical-pod-autoscaler 1.4 (pkg/recommender, pkg/updater). What its admission webhook
// does to new pods happens in decide. README.md says where this is a model of ours.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/base/quantity.h"
#include "engine/control/controllers.h"
#include "engine/control/lookup.h"
#include "engine/control/metrics.h"
#include "engine/control/scale_target.h"
#include "engine/control/selected.h"
#include "engine/control/vpa_math.h"
#include "engine/model/doc.h"

namespace wavetank::control {
namespace {

using event::EventKind;
using event::PodId;
using event::VpaId;
using model::Doc;
using model::Kind;
using ContainerPolicy = model::VerticalPodAutoscaler::ContainerPolicy;

constexpr base::Duration kPeriod = base::minutes(1);
constexpr base::Duration kLongLived = base::minutes(12 * 60);  ///< pod-update-threshold applies to pods of that age.

Doc amounts_doc(const vpa::Amounts& amounts, const ContainerPolicy* policy) {
  const auto controlled = [&](std::string_view name) {
    return policy == nullptr || policy->controlled_resources.empty() ||
           std::find(policy->controlled_resources.begin(), policy->controlled_resources.end(), name) !=
               policy->controlled_resources.end();
  };
  Doc out = Doc::object();
  if (controlled("cpu")) {
    const auto quantity = base::Quantity::parse(fmt::format("{}m", amounts.milli_cpu));
    out["cpu"] = Doc::string(quantity ? quantity->text() : "0");
  }
  if (controlled("memory"))
    out["memory"] = Doc::string(base::Quantity(amounts.memory, base::Quantity::Format::DecimalSI).text());
  return out;
}

vpa::Amounts within_policy(vpa::Amounts amounts, const ContainerPolicy* policy) {
  if (policy == nullptr) return amounts;
  using List = model::ResourceList;
  const List& least = policy->min_allowed;
  const List& most = policy->max_allowed;
  if ((least.present & List::kCpu) != 0) amounts.milli_cpu = std::max(amounts.milli_cpu, least.milli_cpu);
  if ((least.present & List::kMemory) != 0) amounts.memory = std::max(amounts.memory, least.memory);
  if ((most.present & List::kCpu) != 0) amounts.milli_cpu = std::min(amounts.milli_cpu, most.milli_cpu);
  if ((most.present & List::kMemory) != 0) amounts.memory = std::min(amounts.memory, most.memory);
  return amounts;
}

class VpaController final : public Controller {
 public:
  explicit VpaController(const Settings& settings) : source_(settings.metrics) {}

  [[nodiscard]] std::string_view name() const override { return "vpa-updater"; }
  [[nodiscard]] int workers() const override { return 1; }
  [[nodiscard]] event::KindMask wakes_on() const override { return event::mask_of(EventKind::ObjectCreated); }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    const auto* created = std::get_if<event::ObjectCreated>(&event.payload);
    if (created == nullptr || created->kind != Kind::VerticalPodAutoscaler) return;
    const std::size_t row = row_created_by(view->vpas, event.seq);
    if (row < view->vpas.size()) keys.add_at(VpaId(row), next_look(view->vpas[row], view.now()));
  }
  void list(const ClusterView& view, KeySink& keys) override {
    for (std::size_t i = 0; i < view->vpas.size(); ++i)
      if (view->vpas[i].header.alive) keys.add_at(VpaId(i), next_look(view->vpas[i], view.now()));
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    if (!view.alive(key)) return;
    const state::VpaRow& row = view->vpas[key.row];
    plan.requeue_at(next_look(row, view.now()));
    const Scale scale = scale_of(row.spec.target, view.text(row.header.ns), view);
    std::vector<PodId> pods;
    if (scale.selector != nullptr)
      for (const event::TemplateId t : selected_.of(key.row, row.header.ns, *scale.selector, view))
        for (const PodId pod : view.pod_template(t).pods) pods.push_back(pod);
    std::sort(pods.begin(), pods.end());
    std::vector<vpa::Aggregate> known = vpa::read_aggregates(row.status.histograms);
    for (const PodId pod : pods) sample(pod, view, known);
    event::VpaStatus status;
    status.histograms = vpa::write_aggregates(known);
    const std::vector<Advice> advice = advise(row, known, view.now());
    status.recommendation = recommendation_text(advice);
    if (status != row.status) plan.call(command::UpdateVpaStatus{{key.as<VpaId>(), std::move(status)}});
    condition(key, "RecommendationProvided", !advice.empty(), "", "", view, plan);
    condition(key, "NoPodsMatched", pods.empty(), pods.empty() ? "NoPodsMatched" : "",
              pods.empty() ? "No pods match this VPA object" : "", view, plan);
    if (row.spec.update_mode == "Recreate" || row.spec.update_mode == "InPlaceOrRecreate")
      update(row, scale, pods, advice, view, plan);
  }

 private:
  struct Advice {
    std::string container;
    vpa::Recommendation amounts;
    const ContainerPolicy* policy = nullptr;
  };

  static base::SimTime next_look(const state::VpaRow& row, base::SimTime now) {
    return row.header.created + kPeriod * ((now - row.header.created).ns / kPeriod.ns + 1);
  }
  static const ContainerPolicy* policy_of(const state::VpaRow& row, std::string_view container) {
    const ContainerPolicy* all = nullptr;
    for (const ContainerPolicy& p : row.spec.policies) {
      if (p.container == container) return &p;
      if (p.container == "*") all = &p;
    }
    return all;
  }
  static void condition(Ref key, std::string_view type, bool holds, std::string_view reason, std::string_view message,
                        const ClusterView& view, Plan& plan) {
    const auto status = holds ? event::ConditionStatus::True : event::ConditionStatus::False;
    const state::Condition* now = view.condition(key, type);
    if (now == nullptr ? !holds : now->status == status) return;
    plan.also(
        command::SetCondition{{key, std::string(type), status, std::string(reason), std::string(message), false}});
  }

  // ---- Recommender ----

  void sample(PodId pod, const ClusterView& view, std::vector<vpa::Aggregate>& known) const {
    const auto of = [&](std::size_t container) -> vpa::Aggregate& {
      const std::string& name = view.container_spec(pod, container).name;
      const auto at = std::find_if(known.begin(), known.end(), [&](const auto& a) { return a.container == name; });
      if (at != known.end()) return *at;
      vpa::Aggregate fresh;
      fresh.container = name;
      fresh.first = view.now();
      return known.emplace_back(std::move(fresh));
    };
    PodMetrics got;
    if (source_ != nullptr && view.pod_phase(pod) == event::Phase::Running && source_->pod(pod, view, got)) {
      for (const ContainerMetrics& c : got.containers) {
        vpa::Aggregate& a = of(c.container);
        const double request = static_cast<double>(view.container_spec(pod, c.container).requests.milli_cpu) / 1000;
        a.cpu.add(static_cast<double>(c.milli_cpu), std::max(request, 0.1), view.now());
        a.memory.add(static_cast<double>(c.memory), 1.0 / 1440, view.now());
        ++a.samples;
      }
    }
    // A container that was killed for its memory needs more than it had.
    const std::size_t count = view.container_count(pod);
    for (std::size_t c = 0; c < count; ++c) {
      const state::ContainerStatus& status = view.container(pod, c);
      if (!status.has_exited || status.last_exit != event::ExitReason::OOMKilled) continue;
      if (status.finished <= view.now() - kPeriod) continue;
      const model::Container& spec = view.container_spec(pod, c);
      of(c).memory.add(static_cast<double>(vpa::after_oom(std::max(spec.requests.memory, spec.limits.memory))), 1,
                       view.now());
    }
  }

  static std::vector<Advice> advise(const state::VpaRow& row, const std::vector<vpa::Aggregate>& known,
                                    base::SimTime now) {
    std::vector<Advice> out;
    for (const vpa::Aggregate& a : known) {
      const ContainerPolicy* policy = policy_of(row, a.container);
      if (a.samples == 0 || (policy != nullptr && policy->off)) continue;
      Advice advice{a.container, vpa::recommend(a, now, static_cast<std::int64_t>(known.size())), policy};
      advice.amounts.target = within_policy(advice.amounts.target, policy);
      advice.amounts.lower = within_policy(advice.amounts.lower, policy);
      advice.amounts.upper = within_policy(advice.amounts.upper, policy);
      out.push_back(std::move(advice));
    }
    return out;
  }

  static std::string recommendation_text(const std::vector<Advice>& all) {
    if (all.empty()) return "";
    Doc list = Doc::array();
    for (const Advice& a : all) {
      Doc entry = Doc::object();
      entry["containerName"] = Doc::string(a.container);
      entry["target"] = amounts_doc(a.amounts.target, a.policy);
      entry["lowerBound"] = amounts_doc(a.amounts.lower, a.policy);
      entry["upperBound"] = amounts_doc(a.amounts.upper, a.policy);
      entry["uncappedTarget"] = amounts_doc(a.amounts.uncapped, a.policy);
      list.items.push_back(std::move(entry));
    }
    Doc out = Doc::object();
    out["containerRecommendations"] = std::move(list);
    return model::to_canonical_json(out);
  }

  // ---- Updater ----

  /// Whether the pod's requests are too far from what is recommended.
  static bool outdated(PodId pod, const std::vector<Advice>& all, const ClusterView& view) {
    const bool long_lived = view.now() - view->pods.created[pod.index()] > kLongLived;
    double wanted = 0, had = 0;
    for (const model::Container& c : view.pod_spec(pod).spec.containers) {
      const auto a = std::find_if(all.begin(), all.end(), [&](const Advice& x) { return x.container == c.name; });
      if (a == all.end()) continue;
      const auto outside = [&](std::int64_t request, std::int64_t low, std::int64_t target, std::int64_t high) {
        wanted += request == 0 ? 1 : static_cast<double>(std::abs(target - request)) / static_cast<double>(request);
        had += 1;
        return request < low || request > high;
      };
      const auto& x = a->amounts;
      const bool cpu = amounts_doc(x.target, a->policy).find("cpu") != nullptr;
      const bool memory = amounts_doc(x.target, a->policy).find("memory") != nullptr;
      if (cpu && outside(c.requests.milli_cpu, x.lower.milli_cpu, x.target.milli_cpu, x.upper.milli_cpu)) return true;
      if (memory && outside(c.requests.memory, x.lower.memory, x.target.memory, x.upper.memory)) return true;
    }
    return long_lived && had > 0 && wanted / had >= 0.1;
  }

  /// Evicts through the Eviction API, so that budgets hold: at most half of the pods may be away at a time.
  static void update(const state::VpaRow& row, const Scale& scale, const std::vector<PodId>& pods,
                     const std::vector<Advice>& advice, const ClusterView& view, Plan& plan) {
    if (advice.empty() || scale.replicas < row.spec.min_replicas) return;
    std::int32_t there = 0;
    for (const PodId pod : pods) there += view.pod_active(pod) && view.pod_phase(pod) == event::Phase::Running ? 1 : 0;
    std::int32_t may_go = there - (scale.replicas - scale.replicas / 2);
    if (scale.replicas / 2 == 0 && there == scale.replicas) may_go = 1;
    for (const PodId pod : pods) {
      if (may_go <= 0) return;
      if (!view.pod_active(pod) || view.pod_phase(pod) != event::Phase::Running || !outdated(pod, advice, view))
        continue;
      --may_go;
      plan.call(command::EvictPod{pod}, row.header.created_seq, true);
      plan.also(
          command::RecordEvent{{Ref(pod), false, "EvictedByVPA",
                                "Pod was evicted by VPA Updater to apply resource recommendation.", "vpa-updater"}});
    }
  }

  const MetricsSource* source_;
  SelectedTemplates selected_;
};

}  // namespace

std::unique_ptr<Controller> make_vpa_controller(const Settings& settings) {
  return std::make_unique<VpaController>(settings);
}

}  // namespace wavetank::control
