// SPDX-License-Identifier: Apache-2.0

#include "plugins/opencl/handles.hpp"

namespace fg::opencl {
namespace {

// NULL: a code of a vendor's own.
const char* code_name(cl_int code) {
#define FG_CODE(NAME) \
  case NAME: return #NAME;
  switch (code) {
    FG_CODE(CL_SUCCESS)
    FG_CODE(CL_DEVICE_NOT_FOUND)
    FG_CODE(CL_DEVICE_NOT_AVAILABLE)
    FG_CODE(CL_COMPILER_NOT_AVAILABLE)
    FG_CODE(CL_MEM_OBJECT_ALLOCATION_FAILURE)
    FG_CODE(CL_OUT_OF_RESOURCES)
    FG_CODE(CL_OUT_OF_HOST_MEMORY)
    FG_CODE(CL_PROFILING_INFO_NOT_AVAILABLE)
    FG_CODE(CL_MEM_COPY_OVERLAP)
    FG_CODE(CL_BUILD_PROGRAM_FAILURE)
    FG_CODE(CL_MAP_FAILURE)
    FG_CODE(CL_MISALIGNED_SUB_BUFFER_OFFSET)
    FG_CODE(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST)
    FG_CODE(CL_COMPILE_PROGRAM_FAILURE)
    FG_CODE(CL_LINKER_NOT_AVAILABLE)
    FG_CODE(CL_LINK_PROGRAM_FAILURE)
    FG_CODE(CL_KERNEL_ARG_INFO_NOT_AVAILABLE)
    FG_CODE(CL_INVALID_VALUE)
    FG_CODE(CL_INVALID_DEVICE_TYPE)
    FG_CODE(CL_INVALID_PLATFORM)
    FG_CODE(CL_INVALID_DEVICE)
    FG_CODE(CL_INVALID_CONTEXT)
    FG_CODE(CL_INVALID_QUEUE_PROPERTIES)
    FG_CODE(CL_INVALID_COMMAND_QUEUE)
    FG_CODE(CL_INVALID_HOST_PTR)
    FG_CODE(CL_INVALID_MEM_OBJECT)
    FG_CODE(CL_INVALID_BINARY)
    FG_CODE(CL_INVALID_BUILD_OPTIONS)
    FG_CODE(CL_INVALID_PROGRAM)
    FG_CODE(CL_INVALID_PROGRAM_EXECUTABLE)
    FG_CODE(CL_INVALID_KERNEL_NAME)
    FG_CODE(CL_INVALID_KERNEL_DEFINITION)
    FG_CODE(CL_INVALID_KERNEL)
    FG_CODE(CL_INVALID_ARG_INDEX)
    FG_CODE(CL_INVALID_ARG_VALUE)
    FG_CODE(CL_INVALID_ARG_SIZE)
    FG_CODE(CL_INVALID_KERNEL_ARGS)
    FG_CODE(CL_INVALID_WORK_DIMENSION)
    FG_CODE(CL_INVALID_WORK_GROUP_SIZE)
    FG_CODE(CL_INVALID_WORK_ITEM_SIZE)
    FG_CODE(CL_INVALID_GLOBAL_OFFSET)
    FG_CODE(CL_INVALID_EVENT_WAIT_LIST)
    FG_CODE(CL_INVALID_EVENT)
    FG_CODE(CL_INVALID_OPERATION)
    FG_CODE(CL_INVALID_BUFFER_SIZE)
    FG_CODE(CL_INVALID_GLOBAL_WORK_SIZE)
    FG_CODE(CL_INVALID_PROPERTY)
    FG_CODE(CL_PLATFORM_NOT_FOUND_KHR)
    default: return nullptr;
  }
#undef FG_CODE
}

// What the caller can do about it.
fg_status status_of(cl_int code) {
  switch (code) {
    case CL_MEM_OBJECT_ALLOCATION_FAILURE: return FG_E_OOM_DEVICE;
    case CL_OUT_OF_HOST_MEMORY: return FG_E_OOM_HOST;
    case CL_DEVICE_NOT_AVAILABLE:
    case CL_INVALID_COMMAND_QUEUE:  // Drivers answer so once a kernel has failed.
    case CL_OUT_OF_RESOURCES: return FG_E_DEVICE_LOST;
    case CL_PLATFORM_NOT_FOUND_KHR: return FG_E_UNSUPPORTED;
    default: return FG_E_INTERNAL;
  }
}

}  // namespace

std::string code_text(cl_int code) {
  const char* name = code_name(code);
  return (name != nullptr ? name : "an unknown code") + (" (" + std::to_string(code) + ")");
}

Error cl_error(cl_int code, const char* call) {
  return Error{status_of(code), std::string(call) + " failed: " + code_text(code), FG_R_OTHER, -1, code};
}

cl_int event_status(cl_event event) {
  cl_int status = CL_SUBMITTED;
  const cl_int code = cl().clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, nullptr);
  return code == CL_SUCCESS ? status : code;
}

}  // namespace fg::opencl
