"""What an accounts server gives and refuses, as bodies, and the secrets in it: all made up."""

SECRET = "s3cret+/=& with odd characters%"
ACCESS = "1000.0123456789abcdef0123456789abcdef.fedcba9876543210fedcba9876543210"
REFRESH = "1000.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
GRANT = "1000.cccccccccccccccccccccccccccccccc.dddddddddddddddddddddddddddddddd"
GOOD = {
    "access_token": ACCESS,
    "refresh_token": REFRESH,
    "scope": "ZohoBigin.modules.ALL ZohoBigin.org.READ",
    "api_domain": "https://www.zohoapis.eu",
    "token_type": "Bearer",
    "expires_in": 3600,
}
REFRESHED = {key: value for key, value in GOOD.items() if key != "refresh_token"}
THROTTLED = {
    "error_description": "You have made too many requests continuously. Please try again after some time.",
    "error": "Access Denied",
    "status": "failure",
}
THROTTLED_IN_CHINESE = {
    "error_description": "您已连续提出过多请求，请稍后再试。",
    "error": "拒绝访问",
    "status": "failure",
}
HTML = "<html><body>Bad gateway</body></html>"
AS_HTML = {"Content-Type": "text/html"}
