#pragma once
// The lines of a table (table.h) that are about volumes:
//
//   class fast wait provisioner=d zones=a,b     WaitForFirstConsumer; without provisioner: none
//   volume v1 10Gi class=fast on n1             an Available volume, reached from n1 only
//   volume v2 10Gi zone=a__b driver=d for c     with zone labels, of a CSI driver, with claimRef c
//   claim c 5Gi class=fast mode=RWOP            unbound; with "bound v1" it is bound to v1, and v1 to it
//   csinode n1 d=2                              at most 2 volumes of driver d
//
// A pod's word claim=a+b gives it two claims.

#include <string>
#include <vector>

#include "tests/engine/schedule/table.h"

namespace wavetank::schedule_table {

/// False when the line is about something else.
bool make_storage(Cluster& cluster, const std::vector<std::string>& words);
/// "volumes: [...]" of the pod's claims, or "".
std::string volumes_of(const std::vector<std::string>& words);
/// What PreBind and the controllers make of a decision, at once. Says what it was: " binding c=v1", " provisioning d".
std::string apply_volumes(Cluster& cluster, const schedule::Decision& decision);

}  // namespace wavetank::schedule_table
