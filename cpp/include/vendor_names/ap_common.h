// AMD's header name; see ap_fixed.h.
#include "ap_fixed.h"
