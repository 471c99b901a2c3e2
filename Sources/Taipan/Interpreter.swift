// The library that a Swift program embeds.

import TaipanModules
import TaipanRuntime
