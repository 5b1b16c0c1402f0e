import { borrow } from "../src/panel/dom";
import * as dom from "../src/shared/dom";

borrow(dom);
