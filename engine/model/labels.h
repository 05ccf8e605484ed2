#pragma once
// Labels and label selectors. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace wavetank::model {

/// Sorted by key, keys unique.
using Labels = std::vector<std::pair<std::string, std::string>>;

/// The value, or null pointer. O(log n).
const std::string* find_label(const Labels& labels, std::string_view key);
/// Sets or replaces, keeping the order.
void set_label(Labels& labels, std::string_view key, std::string_view value);
void erase_label(Labels& labels, std::string_view key);

enum class SelectorOp : std::uint8_t { In, NotIn, Exists, DoesNotExist, Gt, Lt };

struct Requirement {
  std::string key;
  SelectorOp op = SelectorOp::In;
  std::vector<std::string> values;  ///< As written; compared as a set.
  bool operator==(const Requirement&) const = default;

  /// NotIn and DoesNotExist hold for a missing key; Gt and Lt only between integers.
  [[nodiscard]] bool matches(const Labels& labels) const;
};

/// metav1.LabelSelector: both forms, and-ed. The empty selector matches everything (a *missing* one matches nothing:
/// hold those as std::optional).
struct LabelSelector {
  Labels match_labels;
  std::vector<Requirement> match_expressions;
  bool operator==(const LabelSelector&) const = default;

  [[nodiscard]] bool empty() const { return match_labels.empty() && match_expressions.empty(); }
  [[nodiscard]] bool matches(const Labels& labels) const;
  /// "app=web,tier in (a,b),!legacy" as metav1.FormatLabelSelector prints it.
  [[nodiscard]] std::string text() const;
};

/// Reads the query form of `kubectl -l`: "a=b,c!=d,e in (x,y),!f,g".
base::Result<LabelSelector> parse_selector(std::string_view text);

}  // namespace wavetank::model
