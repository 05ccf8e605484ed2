#pragma once
// How things are called in sentences: the room's vocabulary. Names of API enums are those of Kubernetes.

#include <string>
#include <string_view>

#include "engine/state/view.h"

namespace wavetank::project {

using base::Duration;
using base::Seq;
using base::SimTime;
using event::NodeId;
using event::PodId;
using event::Ref;
using state::ClusterView;

/// "replica set", "deployment", "node": the kind in a sentence.
std::string kind_words(Ref ref, const ClusterView& view);
/// "replica set web-7d9f", "pod shop/cart-x2z4q" (the namespace unless it is "default"), "node n1". Also of what is
/// gone.
std::string label(Ref ref, const ClusterView& view);
/// "web-7d9f", "shop/cart-x2z4q".
std::string short_label(Ref ref, const ClusterView& view);
/// "n1 (zone a)", or "n1" where no zone is known.
std::string node_in_zone(NodeId node, const ClusterView& view);

std::string_view phase_word(event::Phase phase);
std::string_view waiting_word(event::WaitingReason reason);
std::string_view exit_word(event::ExitReason reason);
std::string_view condition_word(event::NodeConditionType type);
std::string_view condition_word(event::DeploymentConditionType type);
std::string_view status_word(event::ConditionStatus status);
std::string_view effect_word(model::TaintEffect effect);
/// "key=value:NoExecute", "key:NoSchedule".
std::string taint_words(const model::Taint& taint);

/// "1 pod", "3 pods".
std::string count(std::int64_t n, std::string_view one, std::string_view many = "");
/// Thousandths as a number: 120500 is "120.5".
std::string milli_words(std::uint64_t milli);
/// "41,233".
std::string thousands(std::int64_t n);
/// "92 MB" as image sizes are given (powers of ten), "512 Mi" for memory is base::Quantity's.
std::string bytes_words(std::int64_t bytes);
/// A duration for people, rounded: "12ms", "4.2s", "5m12s", "3h05m".
std::string span_words(Duration d);
/// A moment as it may be typed after --at: "4m30s", "5m12.345s" (milliseconds, rounded up so that it includes what
/// happened then).
std::string at_words(SimTime t);

/// "00:05:12.345": hours, minutes, seconds, always with milliseconds (cut off), for columns.
std::string clock_words(SimTime t);

/// `text` in lines of at most `width` columns, each but the first indented by `indent` blanks; words are never broken.
std::string wrap(std::string_view text, std::size_t indent, std::size_t width);

/// `text`, at most `width` columns (UTF-8 code points), the last one "…" if something was cut off.
std::string fit(std::string_view text, std::size_t width);
/// Columns that a UTF-8 text takes, if no character is wide.
std::size_t columns(std::string_view text);

/// "API server", "controller manager", "scheduler"
const char* component_word(event::Component component);

}  // namespace wavetank::project
