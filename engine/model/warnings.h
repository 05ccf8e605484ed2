#pragma once
// What an API server says beside its yes: the `Warning:` lines of kubectl. And what it takes without a word although it
// can never work. Nothing here refuses anything.

#include <string>
#include <vector>

#include "engine/model/decode.h"

namespace wavetank::model {

/// The warnings of Kubernetes 1.34 on the creation of `object`, in its words ("spec.template.spec.containers[0].env[2]:
/// hides previous definition of …"), each at its place in the document; behind them our own, which name the object.
/// Source: pkg/api/{pod,job,service,node,persistentvolume,persistentvolumeclaim,storage}/*.go and the strategies'
/// WarningsOnCreate. Cost O(document).
base::Diagnostics warnings(const Object& object, std::string_view file);

/// Those of all objects of a file, each behind the object's name: "Deployment/web: spec.template…".
base::Diagnostics warnings(const std::vector<Object>& objects, std::string_view file);

/// Objects that belong together, and the file that each was read from.
struct Belonging {
  std::vector<Object> objects;
  std::vector<std::string> files;  ///< As many as objects.

  void add(const Object& object, std::string_view file);
};

/// What a HorizontalPodAutoscaler may ask for, by name: the patterns that a scenario gives values to.
struct KnownMetrics {
  std::vector<std::string> pods, object, external;
};

/// Of all the objects that belong together: budgets whose selector takes no pod that is made here; autoscalers whose
/// target is not here, or that ask for the utilization of what its containers do not request. With `known`: also those
/// that ask for a metric nobody provides, with the names of those that are provided. O(selectors × workloads).
base::Diagnostics warnings_among(const Belonging& all, const KnownMetrics* known);

/// "file:line:column: warning: …"
std::string warning_text(const base::Diagnostic& warning);

}  // namespace wavetank::model
