#pragma once
// Which pod templates a selector takes, and which selectors a template falls under: kept between syncs, because
// templates never change and a namespace may have thousands. Nothing but a memory of answers: without it they are
// worked out anew.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/control/controller.h"
#include "engine/control/lookup.h"

namespace wavetank::control {

class SelectedTemplates {
 public:
  /// The templates of `ns` that the selector of row `row` takes. O(templates made since the last question).
  const std::vector<event::TemplateId>& of(std::uint32_t row, base::Sym ns, const model::LabelSelector& selector,
                                           const ClusterView& view) {
    if (entries_.size() <= row) entries_.resize(row + 1);
    Entry& e = entries_[row];
    if (!(e.selector == selector)) e = {selector, 0, {}};
    if (ns.index() >= view->templates_of_ns.size()) return e.templates;
    const std::vector<event::TemplateId>& all = view->templates_of_ns[ns.index()];
    for (; e.scanned < all.size(); ++e.scanned) {
      const event::TemplateId t = all[e.scanned];
      if (selector.matches(view.pod_template(t).value->labels)) e.templates.push_back(t);
    }
    return e.templates;
  }

 private:
  struct Entry {
    model::LabelSelector selector;
    std::size_t scanned = 0;
    std::vector<event::TemplateId> templates;
  };
  std::vector<Entry> entries_;
};

/// For each template the rows whose selector takes it. `Takes` is bool(const Row&, const model::Labels&, base::Sym ns).
class SelectingRows {
 public:
  /// A row was made, changed or removed.
  void forget() { ++epoch_; }

  template <class Row, class Takes>
  const std::vector<std::uint32_t>& of(event::TemplateId tmpl, const std::vector<Row>& rows, const ClusterView& view,
                                       Takes&& takes) {
    if (entries_.size() <= tmpl.index()) entries_.resize(tmpl.index() + 1);
    Entry& e = entries_[tmpl.index()];
    if (e.epoch == epoch_ && e.row_count == rows.size()) return e.rows;
    e = {epoch_, rows.size(), {}};
    const state::TemplateRow& row = view.pod_template(tmpl);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].header.alive && rows[i].header.ns == row.ns && takes(rows[i], row.value->labels)) {
        e.rows.push_back(static_cast<std::uint32_t>(i));
      }
    }
    return e.rows;
  }

 private:
  struct Entry {
    std::uint64_t epoch = 0;
    std::size_t row_count = 0;
    std::vector<std::uint32_t> rows;
  };
  std::uint64_t epoch_ = 1;
  std::vector<Entry> entries_;
};

/// The pod that an event is about, if it is one of those that change what selectors count: birth, readiness, phase,
/// death, labels.
inline event::PodId pod_of(const event::Event& event, const ClusterView& view) {
  if (const event::PodId changed = pod_changed_by(event); changed.valid()) return changed;
  const auto* updated = std::get_if<event::ObjectUpdated>(&event.payload);
  if (updated != nullptr)
    return updated->ref.kind == model::Kind::Pod ? updated->ref.as<event::PodId>() : event::PodId();
  const auto* created = std::get_if<event::ObjectCreated>(&event.payload);
  const bool born = std::holds_alternative<event::PodCreated>(event.payload) ||
                    std::holds_alternative<event::PodMade>(event.payload) ||
                    (created != nullptr && created->kind == model::Kind::Pod);
  if (!born) return {};
  return pod_created_by(view->pods, event.seq);
}

}  // namespace wavetank::control
