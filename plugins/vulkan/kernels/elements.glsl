// What all modules here share: f16, or with BF16 bf16, behind addresses, and matrices of them.
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types : require
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_buffer_reference2 : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_cooperative_matrix : require
#ifdef BF16
#extension GL_EXT_bfloat16 : require
#define ELEMENT bfloat16_t
#else
#define ELEMENT float16_t
#endif
#pragma use_vulkan_memory_model

layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer Piece { uvec4 v; };
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Elements { ELEMENT v[]; };
layout(buffer_reference, scalar, buffer_reference_align = 2) buffer Element { ELEMENT v; };

// The number nearest to v that ELEMENT has, so that the conversion is exact: that to bfloat16 may cut off.
float rounded(float v) {
#ifdef BF16
  const uint bits = floatBitsToUint(v);
  if ((bits & 0x7FFFFFFFu) <= 0x7F800000u) v = uintBitsToFloat((bits + 0x7FFFu + (bits >> 16 & 1u)) & 0xFFFF0000u);
#endif
  return v;
}
