#pragma once
// Where Kubernetes 1.34 does otherwise than the release that was recorded. Each rule says since when and what, holds by
// what the recording and our cluster contain, and is told with the result. Inside the room only.

#include <string>
#include <string_view>
#include <vector>

#include "engine/conformance/controllers.h"
#include "engine/control/registry.h"
#include "engine/state/view.h"

namespace wavetank::conformance {

/// What is being compared.
struct ChangeContext {
  std::string_view key;    ///< "state/endpointslices", "events_total"…
  const model::Doc* step;  ///< Null outside of steps.
  state::ClusterView view;
  std::string_view ns;
};

class ReleaseChanges {
 public:
  /// `minor`: of the recorded release, 20 for 1.20.2.
  explicit ReleaseChanges(int minor) : minor_(minor) {}

  /// Settings with which the recorded release ran, where they are not those of 1.34. `recorded`: the recording's own
  /// `settings`, or null.
  void set(control::Settings& settings, const model::Doc* recorded);
  /// Brings golden and ours to a form in which they are equal if they differ by known changes alone.
  void adapt(const ChangeContext& context, model::Doc& golden, model::Doc& ours, const std::string& where);
  /// Our event's message as the recorded release words it.
  std::string message(std::string_view object, std::string_view reason, std::string message, const std::string& where);
  /// Its component's name then.
  std::string component(std::string from, const std::string& where);
  /// Whether 1.34 says this event although the recorded release did not, or the other way round.
  bool only_now(std::string_view reason, std::string_view message, const std::string& where);
  bool only_then(std::string_view reason, std::string_view message, const std::string& where);
  /// Whether 1.34 says it more often.
  bool more_often(std::string_view reason, const std::string& where);
  /// An object's manifest in an API version that is gone, in the one that has come after it.
  void modernise(model::Doc& manifest, const std::string& where);
  void note(std::string rule, const std::string& where);

  std::vector<ReleaseChange> used;

 private:
  int minor_;
};

}  // namespace wavetank::conformance
