#pragma once
// Opening a file that should be a journal, whatever state it is in.

#include <memory>
#include <string>

#include "engine/base/result.h"
#include "runtime/store/segment_rows.h"

namespace wavetank::store {

/// A journal's tables and how far they can be read.
struct OpenedRows {
  std::unique_ptr<SegmentRows> rows;
  log::Position end;
  std::string damage;  ///< What ends it before its time; "" if nothing is known to.
};

/// Opens `path` to read. `check_all`: looks at every segment instead of the last. Error: there is nothing to read at
/// all, in words that start with the path.
base::Result<OpenedRows> open_rows(const std::string& path, bool check_all);

/// Whether a run may write to `path`: nothing is there, or a journal that may be overwritten. Then removes that.
base::Result<void> make_way(const std::string& path, bool overwrite);

/// Removes a journal and what SQLite keeps beside it.
void remove_files(const std::string& path);

}  // namespace wavetank::store
