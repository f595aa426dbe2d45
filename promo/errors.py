"""The failures we foresee. Each one's message is a sentence for the person at the keyboard.

Sentence
├── Busy              another command holds the house          promo.files
├── Misplaced         a file stands where a folder is needed   promo.files
├── ConfigError       config.yaml cannot be used               promo.config
├── CatalogueError    translations cannot be used              promo.translations
├── DatabaseError     the database cannot be used              promo.schema
├── Gone              the database did not come back in time   promo.patience
├── Mishap            a machine's failure, such as a full disk promo.mishaps
├── SourceError       a file is not what it should be          promo.scans.sources
├── CodeError         a product or list code is not sound      promo.scans.gtin
├── ModelError        no usable model                          promo.shoppers.models
├── OfferError        an offer cannot be taken in              promo.offers.terms
├── RedemptionError   a redemption cannot be recorded          promo.offers.counters
├── NoLongerLive      an offer was stopped before the register promo.lists.register
├── ItemError         a till's lines cannot be taken in        promo.checkout.items
├── RenderError       a template cannot be rendered            promo.lists.press.render
├── NoMeasure         pypdfium2 is missing                     promo.lists.press.measure
├── Unchecked         no such language or club to check        promo.template_check
├── PrintError        lists cannot be printed as they are      promo.lists.press.formats
├── PaperError        receipts of this width are not printed   promo.lists.press.receipt
├── AddressError      an e-mail address is none                promo.lists.press.email
├── Changed           lists were made again while being read   promo.lists.stored
├── Refused           no list to open                          promo.lists.lookup
├── BacktestError     a forecast cannot be put to the test     promo.backtesting
├── TooManyRefused    a file about coupons is mostly wrong     promo.checkout.filed
├── JournalError      a journal is broken, or another one      promo.checkout.pack.chain
├── StoreKeyError     a store key cannot be made, or found     promo.checkout.store_keys
├── ServeError        the service cannot listen                promo.checkout.serving
├── PackError         an offline pack cannot be used           promo.checkout.pack.faults
├── PackKeyError      keys of packs cannot be read             promo.checkout.pack.keys
├── WhichStore        nobody said where a machine stands       promo.checkout.pack.machine
├── SyncKeyMissing    no key to send a journal with            promo.checkout.pack.syncing_keys
├── LineDown          head office does not answer now          promo.checkout.pack.syncing
├── Stuck             head office refuses a journal            promo.checkout.pack.syncing
├── NoAddress         no address of a service                  promo.checkout.service_address
├── UnknownRegion     no such region to make a pack for        promo.checkout.pack.filling
├── UnknownCard       no household carries the card            promo.shopper, promo.person.whom
├── UnknownHousehold  no household has the id                  promo.person.whom
├── Unasked           why, which cannot be answered            promo.why
├── LogsMissing       till logs have not come                  promo.waiting
├── UnknownStore      a store that is named is not there       promo.logs
├── AlreadyPublished  the night has left the building          promo.nightly
└── PublishError      a night cannot be published              promo.publishing
"""

CRASHED = 70  # EX_SOFTWARE: what a command leaves with after a fault of this program
INTERRUPTED = 130  # as a shell says of what Ctrl-C ended


class Sentence(Exception):
    """A foreseen failure; `exit_code` is what the command leaves with."""

    exit_code = 3
