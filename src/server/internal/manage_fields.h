// server/internal/manage_fields.h: who owns which field, on every write.

#pragma once

#include "server/internal/core.h"

namespace weft::server {

// Sets the managedFields of an object that is created (no old object) or updated by the call's
// manager. What cannot be tracked leaves them as they were, as the real server does.
[[nodiscard]] Status manage_update(Call* call, const Value* old_object, Value& object);

// The same for an object of a subresource's own kind that is answered and not stored.
void manage_answer(Call* call, Value& object);

// Server-side apply of `config` to the live object (null: it is created). The result carries its
// managedFields. conflict with one cause for each field somebody else owns.
[[nodiscard]] Result<Value> apply_config(Call* call, const Value* live, const Value& config,
                                         bool force);

// The same for what the server's own controllers write to the status of an object.
[[nodiscard]] Value manage_controller_update(const Core& core, ResourcePtr resource,
                                             const Value& old_object, Value object);
// The same as an apply of `config`, which holds nothing but a status.
[[nodiscard]] Result<Value> apply_controller_status(const Core& core, ResourcePtr resource,
                                                    const Value& live, const Value& config,
                                                    std::string manager);

}  // namespace weft::server
