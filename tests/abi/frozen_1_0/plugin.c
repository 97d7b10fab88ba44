// SPDX-License-Identifier: Apache-2.0
//
// A plugin as it could have been built with interface 1.0: one device, one engine operator (fg.map/1
// on f32) that interprets programs node by node.  It knows nothing newer than abi_1_0.h.

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "abi_1_0.h"

FG_PLUGIN_NOTE("frozen_1_0", "fg tests", "1.0");

#define MAP_UID UINT64_C(0x2FFB88FDF972050E)  // XXH64("fg.map/1")
#define MAX_NODES 64

struct fg_instance {
  const fg_host* host;
};
struct fg_buffer {
  void* memory;
};
struct fg_stream {
  int unused;
};
struct fg_timeline {
  uint64_t value;
};

typedef struct map_kernel {
  fg_kernel head;
  fg_expr_node node[MAX_NODES];
  uint32_t n_node, out;
} map_kernel;

static fg_status report(fg_error* err, fg_status status, fg_reason reason, const char* text) {
  if (err != NULL && FG_HAS(fg_error, err, message)) {
    err->code = status;
    err->reason = reason;
    strncpy(err->message, text, sizeof err->message - 1);
    err->message[sizeof err->message - 1] = '\0';
  }
  return status;
}

// The rule of growth: a bit or a critical extension that is not known refuses the call.
static int understood(const fg_hdr* hdr) {
  if (hdr->must_understand != 0) return 0;
  for (const fg_ext* e = hdr->next; e != NULL; e = e->next) {
    if ((e->id & FG_EXT_CRITICAL) != 0) return 0;
  }
  return 1;
}

static fg_status probe(const fg_host* host, uint32_t* n_devices, fg_error* err) {
  (void)host, (void)err;
  *n_devices = 1;
  return FG_OK;
}
static fg_status create(const fg_host* host, const fg_ext* options, fg_instance** out, fg_error* err) {
  (void)options;
  *out = malloc(sizeof **out);
  if (*out == NULL) return report(err, FG_E_OOM_HOST, FG_R_OTHER, "out of memory");
  (*out)->host = host;
  return FG_OK;
}
static fg_status destroy(fg_instance* instance, fg_error* err) {
  (void)err;
  free(instance);
  return FG_OK;
}
static fg_status device_info(fg_instance* instance, uint32_t device, fg_device_info* info) {
  (void)instance;
  if (device != 0) return FG_E_NOT_FOUND;
  memset(info->uuid, 0x10, sizeof info->uuid);
  strcpy(info->name, "frozen 1.0");
  info->type = FG_DEVICE_OTHER;
  info->caps = FG_D_FLAT_ADDRESS | FG_D_HOST_VISIBLE | FG_D_SYNCHRONOUS;
  info->mem_total = info->max_alloc = (uint64_t)1 << 30;
  info->alloc_align = 64;
  return FG_OK;
}

static fg_status mem_alloc(fg_instance* instance, uint32_t device, uint32_t kind, uint64_t bytes, uint64_t align,
                           fg_buffer** out, void** ptr, fg_error* err) {
  (void)instance, (void)device, (void)kind;
  const uint64_t a = align < 64 ? 64 : align;
  *out = malloc(sizeof **out);
  if (*out == NULL) return report(err, FG_E_OOM_HOST, FG_R_OTHER, "out of memory");
  (*out)->memory = *ptr = aligned_alloc(a, (bytes + a - 1) / a * a);
  if (*ptr != NULL) return FG_OK;
  free(*out);
  return report(err, FG_E_OOM_DEVICE, FG_R_OTHER, "out of memory");
}
static fg_status mem_free(fg_instance* instance, fg_buffer* buffer, fg_timeline* after, uint64_t value) {
  (void)instance, (void)after, (void)value;
  free(buffer->memory);
  free(buffer);
  return FG_OK;
}
static fg_status copy(fg_stream* stream, fg_buffer* dst, uint64_t dst_offset, fg_buffer* src, uint64_t src_offset,
                      uint64_t bytes, fg_error* err) {
  (void)stream, (void)err;
  memcpy((char*)dst->memory + dst_offset, (const char*)src->memory + src_offset, bytes);
  return FG_OK;
}
static fg_status fill(fg_stream* stream, fg_buffer* buffer, uint64_t offset, uint64_t bytes, uint32_t pattern,
                      fg_error* err) {
  (void)stream, (void)err;
  for (uint64_t i = 0; i < bytes; i += 4) memcpy((char*)buffer->memory + offset + i, &pattern, 4);
  return FG_OK;
}

static fg_status stream_create(fg_instance* instance, uint32_t device, int32_t priority, fg_stream** out,
                               fg_error* err) {
  (void)instance, (void)device, (void)priority;
  *out = calloc(1, sizeof **out);
  return *out != NULL ? FG_OK : report(err, FG_E_OOM_HOST, FG_R_OTHER, "out of memory");
}
static fg_status stream_destroy(fg_stream* stream) {
  free(stream);
  return FG_OK;
}
static fg_status timeline_create(fg_instance* instance, uint64_t initial, fg_timeline** out, fg_error* err) {
  (void)instance;
  *out = calloc(1, sizeof **out);
  if (*out == NULL) return report(err, FG_E_OOM_HOST, FG_R_OTHER, "out of memory");
  (*out)->value = initial;
  return FG_OK;
}
static fg_status timeline_destroy(fg_timeline* timeline) {
  free(timeline);
  return FG_OK;
}
static fg_status stream_flush(fg_stream* stream, fg_error* err) {
  (void)stream, (void)err;
  return FG_OK;
}
static fg_status stream_signal(fg_stream* stream, fg_timeline* timeline, uint64_t value) {
  (void)stream;
  timeline->value = value;
  return FG_OK;
}
static fg_status stream_wait(fg_stream* stream, fg_timeline* timeline, uint64_t value) {
  (void)stream, (void)timeline, (void)value;
  return FG_OK;
}
static fg_status host_signal(fg_timeline* timeline, uint64_t value) {
  timeline->value = value;
  return FG_OK;
}
static fg_status host_wait(fg_timeline* timeline, uint64_t value, int64_t timeout_ns, fg_error* err) {
  if (timeline->value >= value) return FG_OK;
  return timeout_ns == 0 ? FG_NOT_READY : report(err, FG_E_TIMEOUT, FG_R_OTHER, "nobody will signal");
}
static fg_status timeline_read(fg_timeline* timeline, uint64_t* value, fg_error* err) {
  (void)err;
  *value = timeline->value;
  return FG_OK;
}

static const fg_dtype kRows[1] = {FG_F32};
static const fg_op_claim kClaims[1] = {{{sizeof(fg_op_claim), 0, NULL},
                                        FG_OP_MAP,
                                        MAP_UID,
                                        MAP_UID,
                                        1,
                                        1,
                                        FG_ENGINE_MAX_NDIM,
                                        1,
                                        FG_LAYOUT_ANY,
                                        1,
                                        kRows,
                                        FG_ACC_DEFAULT,
                                        FG_K_INPLACE_OK}};
static fg_status claims(fg_instance* instance, uint32_t device, const fg_op_claim** first, uint32_t* n,
                        uint32_t* stride) {
  (void)instance, (void)device;
  *first = kClaims;
  *n = 1;
  *stride = sizeof kClaims[0];
  return FG_OK;
}

static int known(const fg_expr_node* n) {
  if (n->type != FG_CT_F32) return 0;
  switch (n->op) {
    case FG_EX_INPUT:
    case FG_EX_SCALAR:
    case FG_EX_CONST:
    case FG_EX_ADD:
    case FG_EX_SUB:
    case FG_EX_MUL:
    case FG_EX_DIV:
    case FG_EX_NEG:
    case FG_EX_EXP:
    case FG_EX_SIGMOID: return 1;
    default: return 0;
  }
}

static double scalar_value(const fg_scalar* s) { return s->kind == FG_SCALAR_FLOAT ? s->v.f : (double)s->v.i; }

static float evaluate(const map_kernel* k, const float* in, const fg_scalar* scalar) {
  float v[MAX_NODES];
  for (uint32_t i = 0; i < k->n_node; ++i) {
    const fg_expr_node* n = &k->node[i];
    const uint64_t bits = n->arg[0] | (uint64_t)n->arg[1] << 32;
    double constant;
    memcpy(&constant, &bits, sizeof constant);
    switch (n->op) {
      case FG_EX_INPUT: v[i] = in[n->arg[0]]; break;
      case FG_EX_SCALAR: v[i] = (float)scalar_value(&scalar[n->arg[0]]); break;
      case FG_EX_CONST: v[i] = (float)constant; break;
      case FG_EX_ADD: v[i] = v[n->arg[0]] + v[n->arg[1]]; break;
      case FG_EX_SUB: v[i] = v[n->arg[0]] - v[n->arg[1]]; break;
      case FG_EX_MUL: v[i] = v[n->arg[0]] * v[n->arg[1]]; break;
      case FG_EX_DIV: v[i] = v[n->arg[0]] / v[n->arg[1]]; break;
      case FG_EX_NEG: v[i] = -v[n->arg[0]]; break;
      case FG_EX_EXP: v[i] = expf(v[n->arg[0]]); break;
      default: v[i] = 1.0f / (1.0f + expf(-v[n->arg[0]])); break;
    }
  }
  return v[k->out];
}

static fg_status launch(const fg_kernel* kernel, const fg_launch* call) {
  const map_kernel* k = (const map_kernel*)kernel;
  const fg_map_params* params = call->params;
  const fg_tensor* out = &call->t[0];
  int64_t index[FG_MAX_NDIM] = {0};
  int64_t left = 1;
  if ((call->flags >> 16) != 0 || call->n_in > 8) return FG_E_UNSUPPORTED;
  for (int32_t d = 0; d < out->ndim; ++d) left *= out->shape[d];
  for (; left > 0; --left) {
    float in[8];
    int64_t at = 0;
    for (uint16_t i = 0; i < call->n_in; ++i) {
      const fg_tensor* t = &call->t[1 + i];
      int64_t offset = 0;
      for (int32_t d = 0; d < t->ndim; ++d) offset += index[d] * t->stride[d];
      in[i] = ((const float*)t->ptr)[offset];
    }
    for (int32_t d = 0; d < out->ndim; ++d) at += index[d] * out->stride[d];
    ((float*)out->ptr)[at] = evaluate(k, in, params->scalar);
    for (int32_t d = out->ndim - 1; d >= 0 && ++index[d] == out->shape[d]; --d) index[d] = 0;
  }
  return FG_OK;
}
static void release(fg_kernel* kernel) { free(kernel); }

static fg_status prepare(fg_instance* instance, const fg_sig* sig, fg_kernel** out, fg_error* err) {
  const fg_map_params* params = sig->params;
  (void)instance;
  if (!understood(&sig->hdr)) return report(err, FG_E_UNSUPPORTED, FG_R_UNKNOWN_BIT, "the signature has unknown bits");
  if (sig->op_uid != MAP_UID) return report(err, FG_E_UNSUPPORTED, FG_R_UNKNOWN_OP, "only fg.map/1 is served");
  if (params == NULL || !understood(&params->hdr))
    return report(err, FG_E_UNSUPPORTED, FG_R_UNKNOWN_BIT, "unknown bits");
  const fg_expr* program = params->program;
  if (program->n_out != 1 || program->n_in > 8 || program->n_node > MAX_NODES) {
    return report(err, FG_E_UNSUPPORTED, FG_R_LIMIT, "the program is too large");
  }
  for (uint16_t i = 0; i < sig->n_out + sig->n_in; ++i) {
    if (sig->t[i].dtype != FG_F32) return report(err, FG_E_UNSUPPORTED, FG_R_DTYPE, "only f32 is served");
  }
  for (uint32_t i = 0; i < program->n_node; ++i) {
    if (!known(&program->node[i]))
      return report(err, FG_E_UNSUPPORTED, FG_R_EXPRESSION, "the program has an unknown node");
  }
  map_kernel* k = calloc(1, sizeof *k);
  if (k == NULL) return report(err, FG_E_OOM_HOST, FG_R_OTHER, "out of memory");
  memcpy(k->node, program->node, program->n_node * sizeof *k->node);
  k->n_node = program->n_node;
  k->out = program->out[0];
  k->head.launch = launch;
  k->head.release = release;
  k->head.flags = FG_K_INPLACE_OK | FG_K_MAY_BLOCK_HOST;
  k->head.name = "frozen map";
  *out = &k->head;
  return FG_OK;
}

static const fg_api kApi = {
    .hdr = {sizeof(fg_api), 0, NULL},
    .name = "frozen_1_0",
    .vendor = "fg tests",
    .version = "1.0",
    .build_id = "frozen",
    .abi_minor = FG_ABI_MINOR,
    .probe = probe,
    .create = create,
    .destroy = destroy,
    .device_info = device_info,
    .mem_alloc = mem_alloc,
    .mem_free = mem_free,
    .copy = copy,
    .fill = fill,
    .stream_create = stream_create,
    .stream_destroy = stream_destroy,
    .timeline_create = timeline_create,
    .timeline_destroy = timeline_destroy,
    .stream_flush = stream_flush,
    .stream_signal = stream_signal,
    .stream_wait = stream_wait,
    .host_signal = host_signal,
    .host_wait = host_wait,
    .timeline_read = timeline_read,
    .claims = claims,
    .prepare = prepare,  // query and get_table are optional
};

FG_EXPORT fg_status fg_plugin_query_v1(const fg_query* offer, const fg_api** api, fg_error* err) {
  if (offer == NULL || api == NULL) return report(err, FG_E_INVALID, FG_R_NULL_POINTER, "a pointer is NULL");
  if (offer->epoch != FG_ABI_EPOCH || offer->minor_min > FG_ABI_MINOR || !understood(&offer->hdr)) {
    return report(err, FG_E_ABI, FG_R_OTHER, "this plugin serves interface 1.0");
  }
  *api = &kApi;
  return FG_OK;
}
