#pragma once
// What expectations can ask about the cluster: one table of fields for each kind of object and for each set of objects.
// A field says what it reads, and events of which kinds can change it, so that expectations are looked at again only
// when they must be.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/project/route.h"
#include "engine/state/view.h"

namespace wavetank::scenario {

using state::ClusterView;
using state::Ref;

/// A value in an expression. monostate: there is no such object (now), so every comparison with it is false.
using Value = std::variant<std::monostate, std::int64_t, bool, std::string>;
enum class ValueType : std::uint8_t { Number, Flag, Word };
inline Value number(std::int64_t v) { return v; }
inline Value flag(bool v) { return v; }
inline Value word(std::string_view v) { return std::string(v); }
/// "3", "true", "Running", "missing".
std::string value_text(const Value& value);

/// "CrashLoopBackOff"
std::string_view waiting_reason_word(event::WaitingReason reason);

/// A field of one object: `deployment/web availableReplicas`.
struct ObjectField {
  std::string_view name;
  ValueType type;
  Value (*read)(const ClusterView& view, Ref ref);
  std::string_view help;
  std::vector<std::string_view> words{};  ///< The values a word can have; empty: any.
};
/// The objects an expression can name, and what it can ask of them.
struct ObjectKind {
  model::Kind kind;
  event::KindMask changed_by;
  std::vector<ObjectField> fields;
};
/// Sorted by name of the kind. Every kind also knows `exists`.
const std::vector<ObjectKind>& object_kinds();
const ObjectKind* object_kind(model::Kind kind);

/// Which members of a set are meant: a label selector, in which `namespace`, and for pods `node` and `zone`, stand for
/// the object's own and not for labels.
struct SetFilter {
  model::LabelSelector labels;
  model::LabelSelector own;
  std::string text;  ///< As written.
};
/// Takes the requirements on `namespace`, `node` and `zone` out of `selector`.
SetFilter make_filter(model::LabelSelector selector, std::string text);

/// A field of a set of objects: `pods(app=web) ready`. Always a number.
struct SetField {
  std::string_view name;
  std::int64_t (*read)(const ClusterView& view, const SetFilter& filter);
  std::string_view help;
};
struct SetKind {
  std::string_view name;  ///< "pods"
  event::KindMask changed_by;
  std::vector<SetField> fields;
};
const std::vector<SetKind>& set_kinds();
const SetKind* set_kind(std::string_view name);

/// A request, as an expression asks about it: `route http://shop.example/cart answers`.
struct RouteQuestion {
  project::Url url;
  std::string from_ns, from_name;  ///< The pod that asks; "": a client that is no pod.
  std::string client;              ///< Its address; "": the default one.
};
/// A field of what becomes of a request.
struct RouteField {
  std::string_view name;
  ValueType type;
  Value (*read)(const project::Route& route, const ClusterView& view);  ///< Null: `moves`, which is counted.
  std::string_view help;
  std::vector<std::string_view> words{};
};
const std::vector<RouteField>& route_fields();
/// What becomes of it now. `bound`: the pod to which affinity has bound the client, if any. O(find_route).
project::Route ask(const RouteQuestion& question, const ClusterView& view, event::PodId bound);
event::KindMask route_changed_by();

/// Whether `event` is one that `event Kind(filter) count` counts. Keys of the filter: labels of the pod that the event
/// is about, and `name`, `namespace`, `node`, `reason` of the event.
bool event_matches(const event::Event& event, const model::LabelSelector& filter, const ClusterView& view);

}  // namespace wavetank::scenario
