#pragma once
// A step of the timeline: something that a person, a client or the world outside does to the cluster at a moment. A
// step is read once, is constant from then on, and may be run many times and by many runs.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/loop/control_plane.h"
#include "sim/fault/fault.h"
#include "sim/scenario/fields.h"
#include "sim/scenario/manifests.h"

namespace wavetank::scenario {

class Drains;
struct StepContext;
struct Target;

class Step {
 public:
  Step() = default;
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  virtual ~Step() = default;
  /// As one would say it: "scale deployment/web to 5".
  [[nodiscard]] virtual std::string text() const = 0;
  virtual void run(StepContext& context) const = 0;
  /// Whether what it begins goes on until the run ends.
  [[nodiscard]] virtual bool never_ends() const { return false; }
};

/// What a step may touch while it runs.
struct StepContext {
  loop::ControlPlane& control_plane;
  base::SimTime now;
  Drains& drains;
  fault::FaultEngine& faults;
  std::map<std::string, std::vector<event::FaultId>>& named_faults;  ///< By the author's names, see `fail`.
  std::map<std::string, std::vector<std::size_t>>& named_renewals;   ///< The same of faults with a time to failure.

  [[nodiscard]] state::ClusterView view() const { return control_plane.view(now); }
  /// One request of kubectl.
  loop::Outcome kubectl(const std::string& text, command::Payload payload) const;
  /// The API server's answer to a client that asks for what is not there.
  void not_found(const std::string& text, const Target& target) const;
  /// A request of the scenario that changes nothing: something for people to read.
  void remark(const std::string& text) const;
  /// `kubectl apply -f label`: one request, in which each refused object is a request of its own. What was refused, and
  /// why.
  base::Diagnostics apply(const std::string& text, const std::vector<ManifestDoc>& docs) const;
};

/// One line of the registry.
struct StepInfo {
  std::string_view name;     ///< As in the file: "set-image".
  std::string_view summary;  ///< One line, also for the schema.
  const Shape& (*shape)();
  /// `doc` has been checked against the shape; `path` is "timeline[3].scale". What is wrong goes to the context's
  /// problems; the result is then not used.
  std::unique_ptr<const Step> (*read)(const model::Doc& doc, const std::string& path, ReadContext& context);
};

// ---- What several steps share
// --------------------------------------------------------------------------------------------------

/// Objects that a step names: "deployment/web", "deployment/shop/web" (in namespace shop), "deployment/*".
struct Target {
  model::Kind kind = model::Kind::Other;
  std::string kind_word, ns, name;
  [[nodiscard]] bool is_pattern() const { return name.find('*') != std::string::npos; }
  [[nodiscard]] std::string text() const;
};

/// Reads a target of one of `kinds` (empty: any typed kind). Names that cannot be meant are problems, with the nearest
/// that can.
std::optional<Target> read_target(const std::string& text, base::Position at, const std::string& path,
                                  const std::vector<model::Kind>& kinds, ReadContext& context);
/// The targets of a field with one or several.
std::vector<Target> read_targets(const model::Doc& doc, std::string_view field, const std::string& path,
                                 const std::vector<model::Kind>& kinds, ReadContext& context);
/// Names or patterns of nodes.
std::vector<Target> read_nodes(const model::Doc& doc, std::string_view field, const std::string& path,
                               ReadContext& context);

/// The alive objects that are meant, in the order of their making; of a pattern only the first `millionths` of them
/// (rounded up). Empty if there is none.
std::vector<event::Ref> resolve(const Target& target, const state::ClusterView& view,
                                std::int64_t millionths = 1'000'000);

/// Calls f(Ref, "deployment/web") for each object meant; a name that is not there becomes a refused request.
template <class F>
void for_targets(const std::vector<Target>& targets, StepContext& context, const std::string& verb, F&& f,
                 std::int64_t millionths = 1'000'000) {
  for (const Target& target : targets) {
    const std::vector<event::Ref> refs = resolve(target, context.view(), millionths);
    if (refs.empty() && !target.is_pattern()) context.not_found(verb + " " + target.text(), target);
    for (const event::Ref ref : refs) f(ref, context.view().name_of(ref));
  }
}

/// "web, api" for texts.
std::string join(const std::vector<Target>& targets);

}  // namespace wavetank::scenario
