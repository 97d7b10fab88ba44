// SPDX-License-Identifier: Apache-2.0
#include "tools/gen/checker.hpp"

#include "tools/gen/schema_text.hpp"

namespace fg::gen {

void check(Catalogue& catalogue, Diagnostics& diagnostics) {
  (void)diagnostics;
  for (Op& op : catalogue.ops) {
    op.uid = hash64(op.name);
    op.schema_hash = hash64(schema_text(op));
  }
}

}  // namespace fg::gen
