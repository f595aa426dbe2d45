"""The service of a store machine: the same API and the same answers, from a pack.

With a head office it passes requests on while the line is up, and decides itself when head office
does not answer. It also decides itself as long as head office has not heard of everything that was
decided here: of two places that do not know of each other each would give the same use.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from pydantic_core import to_json
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from promo import exposition
from promo.checkout import answers, bodies
from promo.checkout.exposed import families
from promo.checkout.finding_lists import Stored
from promo.checkout.pack import sections
from promo.checkout.pack.found_packs import FoundPacks
from promo.checkout.pack.head_office import HeadOffice, Said
from promo.checkout.pack.opened import Pack
from promo.checkout.pack.pack_statements import WAIT, PackStatements
from promo.checkout.pack.remembering import remember
from promo.checkout.pack.store_house import StoreConnections, StoreHouse
from promo.checkout.refusals import Refuse
from promo.checkout.request import Request
from promo.checkout.selling import House
from promo.checkout.service import Service, Work
from promo.checkout.statements import Statements
from promo.checkout.store_keys import StoreKey
from promo.checkout.watching import Write, write_line
from promo.config import Settings
from promo.errors import Sentence
from promo.lists.codes.keys import CodeKeys
