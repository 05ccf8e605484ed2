// Ours: selectors and references that lead nowhere among the objects of one folder or scenario. An API server takes
// each of these objects, since what is missing may come later.
#include <algorithm>

#include <fmt/format.h>

#include "engine/model/read.h"
#include "engine/model/validate.h"
#include "engine/model/warnings.h"

namespace wavetank::model {
namespace {

/// The template of the pods that an object is or makes, or null.
const Doc* pods_of(const Object& o) {
  switch (o.kind) {
    case Kind::Pod:
      return &o.doc;
    case Kind::ReplicaSet:
    case Kind::Deployment:
    case Kind::StatefulSet:
    case Kind::DaemonSet:
    case Kind::Job:
      return o.doc.at({"spec", "template"});
    case Kind::CronJob:
      return o.doc.at({"spec", "jobTemplate", "spec", "template"});
    default:
      return nullptr;
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// "poddisruptionbudget/team/web"
std::string named(const Object& o) {
  const std::string ns = o.meta.ns.empty() || o.meta.ns == "default" ? "" : o.meta.ns + "/";
  return fmt::format("{}/{}{}", lower(o.kind_name), ns, o.meta.name);
}

std::string listed(const std::vector<std::string>& names) {
  return names.empty() ? "none is provided" : fmt::format("provided: {}", fmt::join(names, ", "));
}

class Among {
 public:
  Among(const Belonging& all, const KnownMetrics* known) : all_(all), known_(known) {
    for (const Object& o : all_.objects)
      if (const Doc* pods = pods_of(o); pods != nullptr) makers_.push_back({&o, read_pod_template(*pods)});
  }

  base::Diagnostics run() {
    for (std::size_t i = 0; i < all_.objects.size(); ++i) {
      const Object& o = all_.objects[i];
      const Place root(o.doc, all_.files[i], out_);
      if (const auto* budget = std::get_if<PodDisruptionBudget>(&o.spec)) check_budget(o, *budget, root["spec"]);
      if (const auto* scaler = std::get_if<HorizontalPodAutoscaler>(&o.spec))
        check_autoscaler(o, *scaler, root["spec"]);
    }
    return std::move(out_);
  }

 private:
  struct Maker {
    const Object* object;
    PodTemplate tmpl;
  };

  void check_budget(const Object& o, const PodDisruptionBudget& budget, const Place& spec) {
    if (!budget.selector)
      return spec.bare(fmt::format("{} has no selector: it takes no pod and protects nothing", named(o)));
    const bool takes_some = std::any_of(makers_.begin(), makers_.end(), [&](const Maker& m) {
      return m.object->meta.ns == o.meta.ns && budget.selector->matches(m.tmpl.labels);
    });
    if (!takes_some)
      spec["selector"].bare(fmt::format("{} selects pods that nothing here makes: it protects nothing", named(o)));
  }

  void check_autoscaler(const Object& o, const HorizontalPodAutoscaler& scaler, const Place& spec) {
    const Maker* target = nullptr;
    bool there = false;
    for (const Object& t : all_.objects)
      there =
          there || (t.kind_name == scaler.target.kind && t.meta.ns == o.meta.ns && t.meta.name == scaler.target.name);
    for (const Maker& m : makers_)
      if (m.object->kind_name == scaler.target.kind && m.object->meta.ns == o.meta.ns &&
          m.object->meta.name == scaler.target.name)
        target = &m;
    if (!there)
      spec["scaleTargetRef"]["name"].bare(
          fmt::format("{} scales {}/{}, which is not here", named(o), lower(scaler.target.kind), scaler.target.name));
    const std::vector<Place> places = spec["metrics"].items();
    for (std::size_t i = 0; i < scaler.metrics.size(); ++i)
      check_metric(o, scaler.metrics[i], target, i < places.size() ? places[i] : spec);
  }

  void check_metric(const Object& o, const MetricSpec& metric, const Maker* target, const Place& at) {
    switch (metric.type) {
      case MetricSpec::Type::Resource:
      case MetricSpec::Type::ContainerResource:
        return check_resource(o, metric, target, at);
      case MetricSpec::Type::Pods:
        if (known_ != nullptr) check_known(o, metric.name, "pods", known_->pods, at);
        break;
      case MetricSpec::Type::Object:
        if (known_ != nullptr) check_known(o, metric.name, "object", known_->object, at);
        break;
      case MetricSpec::Type::External:
        if (known_ != nullptr) check_known(o, metric.name, "external", known_->external, at);
        break;
    }
  }

  static void check_known(const Object& o, const std::string& name, std::string_view type,
                          const std::vector<std::string>& known, const Place& at) {
    const bool is_known =
        std::any_of(known.begin(), known.end(), [&](const std::string& k) { return matches(k, name); });
    if (!is_known)
      at.bare(fmt::format("{} asks for the {} metric {}, which model.world (metric.{}) does not provide; {}", named(o),
                          type, name, type, listed(known)));
  }

  static void check_resource(const Object& o, const MetricSpec& metric, const Maker* target, const Place& at) {
    const bool of_one = metric.type == MetricSpec::Type::ContainerResource;
    if (metric.name != "cpu" && metric.name != "memory")
      return at.bare(fmt::format("{} asks for the resource metric {}; metrics-server knows cpu and memory", named(o),
                                 metric.name));
    if (target == nullptr) return;
    const std::vector<Container>& containers = target->tmpl.spec.containers;
    const auto is_meant = [&](const Container& c) { return !of_one || c.name == metric.container; };
    if (std::none_of(containers.begin(), containers.end(), is_meant))
      return at.bare(fmt::format("{} asks for the {} of container {}, which {} does not have", named(o), metric.name,
                                 metric.container, named(*target->object)));
    if (metric.target != MetricSpec::Target::Utilization) return;
    for (const Container& c : containers) {
      const bool requests = metric.name == "cpu" ? c.requests.milli_cpu > 0 : c.requests.memory > 0;
      if (!is_meant(c) || requests) continue;
      return at.bare(fmt::format("{} asks for the {} utilization of {}, whose container {} requests no {}", named(o),
                                 metric.name, named(*target->object), c.name, metric.name));
    }
  }

  /// '*' stands for any text.
  static bool matches(std::string_view pattern, std::string_view name) {
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) return pattern == name;
    if (name.substr(0, star) != pattern.substr(0, star)) return false;
    const std::string_view rest = pattern.substr(star + 1);
    for (std::size_t from = star; from <= name.size(); ++from)
      if (matches(rest, name.substr(from))) return true;
    return false;
  }

  const Belonging& all_;
  const KnownMetrics* known_;
  std::vector<Maker> makers_;
  base::Diagnostics out_;
};

}  // namespace

void Belonging::add(const Object& object, std::string_view file) {
  objects.push_back(object);
  files.emplace_back(file);
}

base::Diagnostics warnings_among(const Belonging& all, const KnownMetrics* known) { return Among(all, known).run(); }

}  // namespace wavetank::model
