// api-server-outage: the API server answers nobody. Clients get errors, controllers and the scheduler fail and, when
// they could not renew their leases for 10 s, give up; node agents work on unheard. Containers run and are restarted,
// endpoints stay as they were. Back again, everything lists anew and what was due happens.
#include "sim/fault/registry.h"

namespace wavetank::fault {

base::Result<void> begin_api_server_outage(Context& context, FaultEngine::Active& active) {
  context.inject(active, "the API server");
  context.stop(event::Component::ApiServer);
  context.world.set_api_server(false, context.now, context.cause);
  return {};
}

void end_api_server_outage(Context& context, FaultEngine::Active&) {
  context.start(event::Component::ApiServer, "api-server-outage");
  if (context.control_plane.state().component_down[static_cast<std::size_t>(event::Component::ApiServer)]) return;
  context.world.set_api_server(true, context.now, context.cause);
}

}  // namespace wavetank::fault
