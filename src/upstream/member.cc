#include "upstream/member.h"

namespace hawser::upstream {

bool operator==(const Member& a, const Member& b) {
  return a.name == b.name && a.address == b.address && a.is_resolved == b.is_resolved && a.host == b.host &&
         a.priority == b.priority && a.settings.weight == b.settings.weight &&
         a.settings.max_sessions == b.settings.max_sessions && a.settings.is_backup == b.settings.is_backup &&
         a.settings.mode == b.settings.mode;
}

}  // namespace hawser::upstream
